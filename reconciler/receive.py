"""A documented name: see `reconciler.inbox.receive`."""

from .inbox.receive import application, server_config

__all__ = ['application', 'server_config']
