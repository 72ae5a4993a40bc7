"""The head of an HTTP answer: its status, and of its headers those that we go by.

http.client gives up at 100 headers, or at one of 64 KiB, and sees none behind one whose name has a
blank. Browsers and curl take all of these. So it is handed a head without the rest.
"""

from __future__ import annotations

from ..kernel.hints import IO, List
from ..kernel.pattern import pattern
from .sockets import NoAnswer

# As many as curl takes (MAX_HTTP_RESP_HEADER_SIZE).
_MOST_BYTES = 300 * 1024
_HEEDED = b'connection content-encoding content-length content-type location transfer-encoding'
_NAMES = (*_HEEDED.split(), b'keep-alive', b'proxy-connection')
# Only says that the answer is to come (RFC 9110, 15.2). 101 ends HTTP, and is thus an answer.
_TO_COME = pattern(rb'HTTP/[0-9.]+ +1(?!01)[0-9]{2}\b')
# Some speak of these in the words of 1.1, and curl takes them at that.
_LATER = pattern(rb'HTTP/[23](?:\.0)? ')


def read_head(stream: IO[bytes]) -> bytes:
    """Return the head of the final answer; as much as there is of one that breaks off.

    Raises:
        NoAnswer: it is longer than any client takes.
    """
    head: List[bytes] = []
    left, heeded = _MOST_BYTES, False
    while left > 0:
        line = stream.readline(left)
        left -= len(line)
        if not head:
            head = [_LATER.sub(b'HTTP/1.1 ', line, 1)]
            if not line.startswith(b'HTTP/'):
                break
        elif line not in (b'\r\n', b'\n', b''):
            # One that begins with a blank goes on with the one before (RFC 9112, 5.2).
            if not line.startswith((b' ', b'\t')):
                heeded = line.partition(b':')[0].lower() in _NAMES
            # With a blank behind it `chunked` would be another word.
            head += [line.rstrip() + b'\r\n'] if heeded else []
        elif _TO_COME.match(head[0]):
            head = []
        else:
            head.append(line)
            break
    else:
        raise NoAnswer(f'its headers have more than {_MOST_BYTES // 1024} KiB')
    return b''.join(head)
