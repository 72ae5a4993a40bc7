"""`juju ssh`: on machines the real OpenSSH client, started as juju starts it; in pods an exec.

Sources: cmd/juju/ssh/ssh_machine.go and ssh_container.go of Juju 3.6, juju/utils ssh_openssh.go.
Two things differ, so that a test does not depend on who runs it: keys in the user's own ~/.ssh are
not offered, and a pod is a machine where the exec is done through ssh and sudo.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .complaint import Complaint, NotModelled, UsageError
from .flags import Options, Parsed
from .world import ADDRESS_SECONDS, KEYS_SECONDS, LOOK_SECONDS, Client, Model

_UNIT = re.compile(r'[a-z][a-z0-9]*(?:-[a-z0-9]*[a-z][a-z0-9]*)*/\d+')
_MACHINE = re.compile(r'\d+(?:/[a-z]+/\d+)*')
PROBE_SECONDS = 10
_LEAST_PROBE_SECONDS = 2
# Ours, in the environment: how many of us have started one another.
_DEPTH = 'JUJU_STANDIN_DEPTH'
MOST_DEEP = 80


def options(version: tuple[int, int]) -> Options:
    """Return the options of a version's `juju ssh`; they stand before the target."""
    switches = {'pty', 'proxy', 'no-host-key-checks', 'debug', 'verbose', 'quiet', 'show-log'}
    if version < (4, 0):
        switches.add('remote')
    return Options(
        frozenset({'model', 'container', 'logging-config'}),
        frozenset(switches),
        interspersed=False,
    )


def run(client: Client, given: Parsed) -> int:
    """Run what was asked for and return the exit code that juju would have.

    Raises:
        Complaint: juju itself fails.
    """
    if not given.arguments:
        raise UsageError('no target name specified')
    model = client.model(given.texts.get('model', ''), early=True)
    if model.facts['access'] != 'admin':
        # Each call of the SSHClient facade wants an administrator of the model.
        raise Complaint('permission denied (unauthorized access)')
    target, *words = given.arguments
    if target.endswith('/leader'):
        target = _leader(client, model, target.split('/')[0])
    pty = given.switches.get('pty', sys.stdin.isatty())
    if model.is_k8s:
        return _in_pod(client, model, target, words, given.texts.get('container', ''))
    return _on_machine(client, model, target, words, given, pty)


def _leader(client: Client, model: Model, application: str) -> str:
    leader = model.facts['leaders'].get(application)
    if leader is None and client.version >= (4, 0):
        raise Complaint(f'leader for application-{application} not found')
    if leader is None:
        raise Complaint(f'could not determine leader for "{application}"')
    return str(leader)


# -- machines ------------------------------------------------------------------------------


def _on_machine(
    client: Client, model: Model, target: str, words: list[str], given: Parsed, pty: bool
) -> int:
    user, _, entity = target.rpartition('@')
    checks = not given.switches.get('no-host-key-checks', False)
    proxy = _proxied(client, model, given)
    argv = ['ssh', '-o', f'StrictHostKeyChecking {"yes" if checks else "no"}']
    tail = ['-o', 'PasswordAuthentication no', '-o', 'ServerAliveInterval 30']
    if proxy:
        tail = ['-o', f'ProxyCommand {_proxy_command(model)}', *tail]
    tail += ['-t', '-t'] if pty else []
    if not (_UNIT.fullmatch(entity) or _MACHINE.fullmatch(entity)):
        # Not an agent: the user's own known hosts are asked, unless nothing is to be checked.
        known = [] if checks else ['-o', f'UserKnownHostsFile {os.devnull}']
        start = [] if checks else argv[1:]
        return _passed_through(['ssh', *start, *tail, *known, *keys_of(client), target, *words])
    machine = _machine(client, model, entity)
    keys = machine['keys']
    if checks and not keys:
        client.wait(KEYS_SECONDS)
        raise Complaint(f'retrieving SSH host keys for "{entity}": keys not found')
    address = _address(client, machine, proxy, checks, words)
    with known_hosts(address, keys) if checks else _nothing() as hosts_file:
        argv += [*tail, '-o', f'UserKnownHostsFile {hosts_file}', *keys_of(client)]
        return _passed_through([*argv, f'{user or "ubuntu"}@{address}', *words])


def _proxied(client: Client, model: Model, given: Parsed) -> bool:
    """Return whether to go through the controller: the option or the model's configuration.

    From 3 on `--proxy=false` does not undo the configuration, so that what is started for the way
    through the controller goes that way itself, and so on (observed on 4.0.15, and 3.6's source).
    """
    configured = bool(model.facts['proxy-ssh'])
    if client.version < (3, 0):
        return given.switches.get('proxy', configured)
    depth = int(os.environ.get(_DEPTH, '0')) + 1
    os.environ[_DEPTH] = str(depth)
    if configured and depth > MOST_DEEP:
        raise NotModelled(f'more than {MOST_DEEP} of us, each started by another')
    return given.switches.get('proxy', False) or configured


def _machine(client: Client, model: Model, entity: str) -> dict[str, Any]:
    machines = model.facts['machines']
    four = client.version >= (4, 0)
    if four and entity not in (*model.facts['units'], *machines):
        client.wait(LOOK_SECONDS)
    if _UNIT.fullmatch(entity):
        if entity not in model.facts['units']:
            raise Complaint(f'unit "{entity}" not found')
        entity = model.facts['units'][entity]['machine']
    if entity not in machines and four:
        reason = f'machine "{entity}": machine not found'
        raise Complaint(f'getting UUID for machine "{entity}": {reason}')
    if entity not in machines:
        raise Complaint(f'machine {entity} not found')
    found: dict[str, Any] = machines[entity]
    return found


def _address(
    client: Client, machine: dict[str, Any], proxy: bool, checks: bool, words: list[str]
) -> str:
    addresses: list[str] = machine['addresses']
    if not addresses:
        client.wait(ADDRESS_SECONDS)
        raise Complaint('no private address(es)' if proxy else 'no available address(es)')
    # Among what 4.0 is told are addresses of the link and the machine itself, so it always probes.
    alone = len(addresses) == 1 and client.version < (4, 0)
    if alone or proxy:
        return addresses[-1 if proxy else 0]
    # juju looks for ssh's -p in everything that follows the target, the far command included.
    ports = [after for word, after in zip(words, words[1:]) if word == '-p' and after.isdigit()]
    port = ports[-1] if ports else '22'
    patience = max(_LEAST_PROBE_SECONDS, round(PROBE_SECONDS * float(client.facts['patience'])))
    found = _first_reachable(addresses, port, machine['keys'] if checks else [], patience)
    if found is None:
        client.wait(LOOK_SECONDS if client.version >= (4, 0) else ADDRESS_SECONDS)
        listed = ' '.join(f'{one}:{port}' for one in addresses)
        raise Complaint(f'cannot connect to any address: [{listed}]')
    return found


def _first_reachable(addresses: list[str], port: str, keys: list[str], seconds: int) -> str | None:
    """Return an address where an sshd with one of the keys answers; asked all at once."""
    scans = {
        address: subprocess.Popen(
            ['ssh-keyscan', '-T', str(seconds), '-p', port, address],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for address in addresses
    }
    best = None
    for address, scan in scans.items():
        if best is not None:
            scan.kill()
        output, _ = scan.communicate()
        shown = {' '.join(line.split()[1:3]) for line in output.splitlines()}
        if best is None and (shown & set(keys) if keys else shown):
            best = address
    return best


def _proxy_command(model: Model) -> str:
    me = shutil.which(sys.argv[0]) or sys.argv[0]
    argv = [me, 'ssh', f'--model={model.name}', '--proxy=false', '--no-host-key-checks']
    return shlex.join([*argv, '--pty=false', f'ubuntu@{model.facts["proxy"]}', '-q', 'nc %h %p'])


def keys_of(client: Client) -> list[str]:
    """Return `-i KEY` for every pair of keys in juju's own directory."""
    directory = client.directory / 'ssh'
    pairs = [path.with_suffix('') for path in sorted(directory.glob('*.pub'))]
    return [word for path in pairs if path.exists() for word in ('-i', str(path))]


@contextmanager
def known_hosts(address: str, keys: list[str]) -> Iterator[str]:
    """Make the file with the keys that the controller vouches for; left behind by a SIGKILL."""
    handle, name = tempfile.mkstemp(prefix='ssh_known_hosts')
    with os.fdopen(handle, 'w') as file:
        file.writelines(f'{address} {key}\n' for key in keys)
    try:
        yield name
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _nothing() -> Iterator[str]:
    yield os.devnull


def _passed_through(argv: list[str]) -> int:
    """Run ssh on our own stdin, stdout and stderr and return its exit code.

    It is a child, as juju's is: who kills only juju leaves ssh behind.
    """
    sys.stdout.flush()
    code = subprocess.run(argv, check=False).returncode
    return code if code >= 0 else 128 - code


# -- pods ----------------------------------------------------------------------------------


def _in_pod(client: Client, model: Model, target: str, words: list[str], container: str) -> int:
    if not _UNIT.fullmatch(target):
        raise Complaint(f'invalid unit name "{target}"')
    pod = model.facts['units'].get(target)
    if pod is None:
        raise Complaint(f'getting unit "{target}": unit "{target}" not found')
    if not pod['address']:
        raise Complaint(f'container for unit "{target}" is not ready yet')
    containers = ['charm', *pod['containers']]
    container = container or 'charm'
    if container not in containers:
        raise Complaint(f'container "{container}" must be one of {", ".join(containers)}')
    if container != 'charm':
        raise NotModelled(f'container {container!r}: only the charm container is there')
    if not words:
        raise NotModelled('a shell in a pod')
    # juju joins the words and gives them to `sh -c`, whatever they begin with. The shell around
    # it turns a death by a signal into an exit code, as the container runtime does.
    inner = shlex.join(['sh', '-c', ' '.join(words)])
    far = shlex.join(['sudo', '-n', 'sh', '-c', f'{inner}; exit $?'])
    with known_hosts(pod['address'], pod['keys']) as known, tempfile.NamedTemporaryFile() as log:
        argv = ['ssh', '-F', 'none', '-E', log.name, '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR']
        argv += ['-o', 'ConnectTimeout=10', '-o', 'StrictHostKeyChecking=yes']
        argv += ['-o', f'UserKnownHostsFile={known}', *keys_of(client)]
        code = _passed_through([*argv, f'ubuntu@{pod["address"]}', far])
        said = Path(log.name).read_text()
    if code == 255 and said:
        why = 'connect: connection refused' if 'refused' in said else 'i/o timeout'
        raise Complaint(f'error dialing backend: dial tcp {pod["address"]}:10250: {why}')
    if code != 0:
        raise Complaint(f'command terminated with exit code {code}')
    return 0
