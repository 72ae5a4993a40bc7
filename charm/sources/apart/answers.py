"""What a host answers, read by whoever asked it: lines of JSON until it ends, each an object."""

from __future__ import annotations

import contextlib
import json
import math
import select
import socket

from ...checks.child_process import last_words
from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError, OverrunError
from ...kernel.hints import Any, Dict, List, Tuple

_MOST_ANSWER_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 65536
# A host has a word at once, and whoever waits for the check waits no longer than this.
_WORD_SECONDS = 0.25
# What a host says of a run that has ended; all else is the answer.
_ENDING = {'ended', 'printed'}


def read_answer(near: socket.socket, deadline: Deadline) -> Dict[str, Any]:
    """Return what a host answers, of a run with how it `ended` and what it `printed`.

    Raises:
        CheckError: there is no answer; `OverrunError` if there is none by the deadline.
    """
    answer, whole = _read(near, deadline)
    said = last_words(answer.get('printed', ''))
    if 'error' in answer:
        raise CheckError(f'{answer["error"]}{said}')
    # Who has answered in time has answered, though it may have more to say.
    if answer.keys() - _ENDING:
        return answer
    if not whole:
        raise OverrunError('cannot wait longer for its answer')
    if 'ended' in answer:
        raise CheckError(f'it {answer["ended"]} and gave no answer{said}')
    raise CheckError('its answer broke off: what it ran in has ended')


def printed_until_now(near: socket.socket) -> str:
    """Have a run ended whose time is over; return the end of what it printed, as errors say it."""
    near.shutdown(socket.SHUT_WR)
    answer, _whole = _read(near, Deadline.after(_WORD_SECONDS))
    return last_words(answer.get('printed', ''))


def _read(near: socket.socket, deadline: Deadline) -> Tuple[Dict[str, Any], bool]:
    """Return what all lines say until the deadline, and whether that is all there will be."""
    chunks: List[bytes] = []
    size_bytes = 0
    whole = False
    poll = select.poll()
    poll.register(near, select.POLLIN)
    while not whole and poll.poll(math.ceil(deadline.remaining_seconds * 1000)):
        chunk = near.recv(_CHUNK_BYTES)
        chunks.append(chunk)
        whole = not chunk
        size_bytes += len(chunk)
        if size_bytes > _MOST_ANSWER_BYTES:
            raise CheckError(f'its answer has more than {_MOST_ANSWER_BYTES} bytes')
    said: Dict[str, Any] = {}
    for line in b''.join(chunks).split(b'\n'):
        # One that broke off says nothing.
        with contextlib.suppress(ValueError):
            said.update(json.loads(line))
    return said, whole
