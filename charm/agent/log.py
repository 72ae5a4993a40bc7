"""A documented name, for charms: see `charm.kernel.log_files`."""

from ..kernel.log_files import Cursor, Tail, read_since

__all__ = ['Cursor', 'Tail', 'read_since']
