"""A documented name, for charms: see `charm.checks.settling_rule`."""

from .checks.settling_rule import settle

__all__ = ['settle']
