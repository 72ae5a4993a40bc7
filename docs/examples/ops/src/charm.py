#!/usr/bin/env python3
"""A worker that waits for a queue."""

import contextlib
import pathlib
import subprocess

import ops

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEALTH_STATUS = ROOT / 'juju-health' / 'hooks' / 'health-status'


def health_status(*arguments):
    """Record a state; a full disk is said in the log, and is not this hook's failure."""
    subprocess.run([HEALTH_STATUS, 'set', *arguments], check=False)


@contextlib.contextmanager
def states():
    """Churn while the hook works, and record what goes wrong in it."""
    health_status('churning', '--passing')
    try:
        yield
    except Exception as error:
        health_status('error', '--message', f'{type(error).__name__}: {error}')
        raise


class WorkerCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.config_changed, self._on_config_changed)
        framework.observe(self.on.collect_unit_status, self._on_collect_status)

    def _on_config_changed(self, event):
        with states():
            if self.config['broken']:
                raise RuntimeError('told to break')

    def _on_collect_status(self, event):
        if self.model.get_relation('queue') is None:
            health_status('blocked', '--blocker', 'queue')
            event.add_status(ops.BlockedStatus('waiting for queue'))
        else:
            health_status('up')
            event.add_status(ops.ActiveStatus())


if __name__ == '__main__':
    ops.main(WorkerCharm)
