"""`python -m tests.hosts up`: a small cloud to play with, until Ctrl-C."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.standin.builder import JUJU, Application, Machine, Relation, Unit, World

from .layout import add_juju_health, add_unit
from .park import Park, why_not
from .rootfs import RootfsError
from .shell import HostError


def lay_out(park: Park) -> World:
    """Put an example unit with this project's charm beside it on every machine of the park."""
    units = []
    for index, host in enumerate(park.hosts):
        add_unit(host, f'example/{index}')
        add_juju_health(host, f'juju-health/{index}')
        beside = (Unit(f'juju-health/{index}'),)
        units.append(Unit(f'example/{index}', str(index), leader=index == 0, subordinates=beside))
    return World(
        tuple(Machine.of(host, str(index)) for index, host in enumerate(park.hosts)),
        (
            Application(
                'example',
                tuple(units),
                relations=(Relation('juju-info', 'juju-health', 'juju-info', 'container'),),
            ),
            Application(
                'juju-health',
                relations=(Relation('juju-info', 'example', 'juju-info', 'container'),),
                subordinate_to=('example',),
            ),
        ),
        name='play',
    )


def guide(park: Park, data: Path) -> str:
    """Return what to type in another terminal."""
    reconcile = Path(sys.executable).parent / 'reconcile-health'
    key = park.identity
    lines = [f'{len(park.hosts)} machines are up. In another terminal, as root:', '']
    lines += [
        f'  export JUJU_DATA={shlex.quote(str(data))}',
        f'  {shlex.quote(str(reconcile))} --juju {shlex.quote(str(JUJU))}',
        '',
        'Break something, and ask again:',
        '',
    ]
    for host in park.hosts[:1]:
        lines += [
            f'  ip link set {host.interface} down      # cut {host.name} off; `up` heals it',
            f'  ssh -i {key} ubuntu@{host.address}   # then: sudo systemctl stop ssh …',
        ]
    return '\n'.join([*lines, '', 'Ctrl-C removes them all.'])


def up(count: int) -> int:
    """Bring machines up, say how to use them, and remove them at Ctrl-C; return the exit code."""
    reason = why_not()
    if reason:
        print(f'cannot: {reason}', file=sys.stderr)
        return 1
    stops = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with Park(count) as park:
            data = park.directory / 'juju'
            lay_out(park).write(data, park.identity)
            print(guide(park, data), flush=True)
            signal.pthread_sigmask(signal.SIG_BLOCK, stops)
            signal.sigwait(stops)
            print('removing them', flush=True)
    except KeyboardInterrupt:
        return 130
    except (HostError, RootfsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def main(words: Sequence[str]) -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog='python -m tests.hosts', description=__doc__)
    actions = parser.add_subparsers(dest='action', required=True)
    upping = actions.add_parser('up', help='bring machines up until Ctrl-C')
    upping.add_argument('--count', type=int, default=3, metavar='N', help='how many; 3 by default')
    return up(parser.parse_args(words).count)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
