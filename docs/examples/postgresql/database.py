"""PostgreSQL of Debian as a service: what starts it, and how it is."""

import subprocess

SPACE = '/srv/health'
# Who comes over ssh makes reports, and so does the agent: both may look, and try to write.
_SETUP = (
    'CREATE ROLE health',
    'CREATE ROLE ubuntu LOGIN IN ROLE health',
    'CREATE ROLE root LOGIN IN ROLE health',
    f"CREATE TABLESPACE health LOCATION '{SPACE}'",
    'GRANT CREATE ON TABLESPACE health TO health',
)


def _psql(query, user=None):
    """Return what the query answers; as the user of the server when `user` is given."""
    argv = ['psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-c', query]
    if user:
        argv = ['runuser', '-u', user, '--', *argv]
    done = subprocess.run(argv, capture_output=True, cwd='/')
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode(errors='replace').strip().splitlines()[0])
    return done.stdout.decode().strip()


def prepare(service_name):
    """Start the server and make what the checks use; nothing is done twice."""
    subprocess.run(['install', '-d', '-o', 'postgres', SPACE], check=True)
    subprocess.run(['systemctl', 'start', service_name], check=True)
    for step in _SETUP:
        try:
            _psql(step, user='postgres')
        except RuntimeError as error:
            if 'already exists' not in str(error) and 'already in use' not in str(error):
                raise


def connections(service_name):
    """Say whether the server answers, and how much room for clients is left."""
    try:
        used, most = _psql(
            "SELECT count(*), current_setting('max_connections') FROM pg_stat_activity"
            " WHERE backend_type = 'client backend'"
        ).split('|')
    except RuntimeError as error:
        return {'health': 'fail', 'qos': 0.0, 'message': str(error)}
    free = 1 - int(used) / int(most)
    return {
        'health': 'passed' if free > 0.1 else 'warn',
        'qos': round(free, 2),
        'message': f'{used} of {most} connections in use',
        'data': {'used': int(used), 'most': int(most)},
    }


def writes(service_name):
    """Say whether two megabytes can still be written where the data is; none stays."""
    try:
        _psql(
            'CREATE TEMP TABLE probe TABLESPACE health'
            " AS SELECT repeat('x', 500) FROM generate_series(1, 4000)"
        )
    except RuntimeError as error:
        return {'health': 'fail', 'message': str(error)}
    return {'health': 'passed', 'message': 'rows can be written'}


SERVICES = [
    {
        'service': 'postgresql',
        'start': prepare,
        'stop': lambda name: subprocess.run(['systemctl', 'stop', name], check=True),
        'health': [connections, writes],
    }
]
