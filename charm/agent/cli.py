"""A documented name, for charms: see `charm.cli.agent`."""

from ..cli.agent import main

__all__ = ['main']
