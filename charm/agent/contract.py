"""A documented name, for charms: see `charm.kernel.push_contract`."""

from ..kernel.push_contract import check_names, derive, same, sign

__all__ = ['check_names', 'derive', 'same', 'sign']
