"""A documented name, for charms: see `charm.framework.services`."""

from .framework.services import ManagerCallback, RelationContext, ServiceManager

__all__ = ['ManagerCallback', 'RelationContext', 'ServiceManager']
