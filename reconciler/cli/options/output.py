"""Documents go out whole; a reader that has gone is no fault of ours."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from charm.kernel.errors import FileError
from charm.kernel.files import write_pieces
from reconciler.values.errors import UsageError

# What we write ourselves and ASCII lacks; a tree is drawn as `tree --charset ascii` does.
_MARKS = {
    **{'─': '-', '│': '|', '├': '|', '└': '`', '…': '...', '–': '-', '¦': ':'},
    **{'✓': '+', '✗': 'x'},
}


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for what an encoding lacks: our marks in ASCII, or escapes of others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    told = (_MARKS.get(one, one.encode('ascii', 'backslashreplace').decode()) for one in lacking)
    return ''.join(told), error.end


codecs.register_error('marks', _in_ascii)


def _ended(text: str | Iterable[str]) -> Iterator[str]:
    """Yield a document, or its pieces, and a line end if it has none."""
    last = ''
    for last in (text,) if isinstance(text, str) else text:
        yield last
    if not last.endswith('\n'):
        yield '\n'


def print_document(text: str | Iterable[str], utf8: bool = False) -> None:
    """Write the text to stdout, ending with one line end.

    Args:
        text: a document or its pieces; what its encoding lacks is written in ASCII, as by
            `_in_ascii`.
        utf8: the format is UTF-8 by its definition, whatever the locale is.

    Raises:
        UsageError: it cannot be written, for example since the disk is full.
    """
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding='utf-8' if utf8 else None, errors='marks')
        sys.stdout.writelines(_ended(text))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has gone; the interpreter must not try to flush again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise UsageError(f'cannot write to stdout: {error.strerror or error}') from error


def write_document(text: str | Iterable[str], output: str = '', utf8: bool = False) -> None:
    """Write a document, or its pieces, to the file `output`, whole or not at all.

    To stdout if that is empty. A file is UTF-8; for stdout see `print_document`.

    A link is followed, and what is no plain file, such as a pipe, is written to rather than
    replaced. A half-written file is never seen, which matters to node exporter.

    Raises:
        UsageError: it cannot be written; an old file stays as it was.
    """
    if output in ('', '-'):
        print_document(text, utf8)
        return
    path = Path(output)
    pieces = map(str.encode, _ended(text))
    try:
        if path.exists() and not path.is_file():
            with path.open('wb') as file:
                file.writelines(pieces)
            return
        target = path.resolve()
        if not target.parent.is_dir():
            raise UsageError(f'cannot write {output}: there is no directory {target.parent}')
        write_pieces(target, pieces)
    except OSError as error:
        raise UsageError(f'cannot write {output}: {error.strerror or error}') from error
    except FileError as error:
        raise UsageError(str(error)) from error


def colour() -> bool:
    """Return whether stdout is a terminal whose user has not asked for none (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get('NO_COLOR')
