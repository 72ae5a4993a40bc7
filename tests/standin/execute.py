"""`juju exec --unit UNIT -- COMMAND`: the unit's agent runs it, as root, whatever ssh does.

Documented (cmd/juju/action/exec.go): for administrators of the model; of one target plain output
is what the command wrote. The stand-in's way to the machine is ssh, so where that does not lead
there nothing is modelled.
"""

from __future__ import annotations

import shlex
import subprocess

from .complaint import Complaint, NotModelled, UsageError
from .flags import Parsed
from .ssh import keys_of, known_hosts
from .world import Client


def run(client: Client, given: Parsed) -> int:
    """Run what was asked for and return the exit code that juju would have.

    Raises:
        Complaint: juju itself fails.
    """
    model = client.model(given.texts.get('model', ''))
    unit, words = given.texts.get('unit', ''), given.arguments
    if not words:
        raise UsageError('no commands specified')
    if model.facts['access'] != 'admin':
        raise Complaint('permission denied (unauthorized access)')
    if model.is_k8s or not unit:
        raise NotModelled('exec but with one --unit on a machine')
    if unit not in model.facts['units']:
        raise Complaint(f'unit "{unit}" not found')
    machine = model.facts['machines'][model.facts['units'][unit]['machine']]
    address = machine['addresses'][0]
    far = shlex.join(['sudo', '-n', 'sh', '-c', ' '.join(words)])
    with known_hosts(address, machine['keys']) as known:
        argv = ['ssh', '-F', 'none', '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10']
        argv += ['-o', 'StrictHostKeyChecking=yes', '-o', f'UserKnownHostsFile={known}']
        code = subprocess.run([*argv, *keys_of(client), f'ubuntu@{address}', far]).returncode
    if code == 255:
        raise NotModelled('exec on a machine that our ssh does not get to')
    return code
