"""A documented name, for charms and orchestrators: see `charm.kernel.errors`."""

from .kernel.errors import HealthError

__all__ = ['HealthError']
