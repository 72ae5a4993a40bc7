"""Where the history is."""

from __future__ import annotations

from pathlib import Path

from ..values.paths import state_directory

_FILE = 'sqlite:///'


def default_path() -> Path:
    """Return the file of this user."""
    return state_directory() / 'history' / 'history.db'


def database_url(option: str, configured: str | None = None) -> str:
    """Return the URL of the history: by the option, else by health.yaml, else this user's file.

    Either may be a path as well.
    """
    said = option or configured or ''
    if '://' in said:
        return said
    path = Path(said).expanduser() if said else default_path()
    return f'{_FILE}{path.absolute()}'


def is_missing(url: str) -> bool:
    """Return whether it is a file that is not there; of a server only asking it can tell."""
    return url.startswith(_FILE) and not Path(url.removeprefix(_FILE)).exists()
