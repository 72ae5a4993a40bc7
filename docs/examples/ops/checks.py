"""How the worker is. No import of ops here: this runs outside any hook."""

import pathlib

HEARTBEAT = pathlib.Path(__file__).with_name('heartbeat')


def heartbeat(service_name):
    """Say whether the worker has left a sign of life."""
    if HEARTBEAT.exists():
        return {'health': 'passed', 'message': HEARTBEAT.read_text().strip()}
    return {'health': 'fail', 'message': f'{service_name} has left no {HEARTBEAT.name}'}
