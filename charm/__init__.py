"""The unit side of juju-health: checks, reports and the hooks that give them."""

__version__ = '0.1.0'
