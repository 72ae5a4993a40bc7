"""Frame what the commands of all units of a machine print, in one process of its Python.

`far_script.py` sends this file along as it stands, and runs it for every machine that has a
Python; so it runs on 3.8, and loads nothing that has to be read from the machine's disk. What to
run is said in shell, and so is what has come of it: here streams alone are handled.
"""

import posix  # Not os: that takes a tenth of all that starting Python takes, for nothing here.
import select
import sys
import time
from binascii import b2a_base64

# What a pipe holds, and what is shorter than PIPE_BUF as base64 (pipe(7)).
_PIECE_BYTES = 65536
_LINE_BYTES = 1500
# SIGPIPE and SIGXFSZ, which Python ignores: what it starts would ignore them as well.
_IGNORED = (13, 25)


def main(
    nonce: str, seconds: str, stderr_cap: str, locale: str, functions: str, *calls: str
) -> None:
    """Run all calls at once, each by a shell of its own, and print frames of what they print.

    Args:
        nonce: what frames begin with.
        seconds: how long to read.
        stderr_cap: how many bytes of each stderr are wanted.
        locale: LC_CTYPE for what is run, empty for none: Python has changed its own (PEP 538).
        functions: shell, for all of the calls.
        calls: for each unit, how many bytes of its stdout are wanted, and the shell that runs it.
            That has the unit's stdout as 1, its stderr as 3, and ours as 2.
    """
    end = time.monotonic() + float(seconds)
    environment = {name: text for name, text in posix.environ.items() if name != b'LC_CTYPE'}
    if locale:
        environment[b'LC_CTYPE'] = locale.encode(errors='surrogateescape')
    ends: dict[int, bytes] = {}
    streams: dict[int, tuple[int, bytes, int]] = {}
    for index, cap in enumerate(calls[::2]):
        try:
            pid, stdout, stderr = _start(functions + calls[2 * index + 1], environment)
        except OSError as error:
            posix.write(2, f'cannot fork: {error.strerror}\n'.encode())
            break
        begin = f'{nonce} {index} '.encode()
        ends[pid] = begin + b'z\n'
        streams[stdout] = pid, begin + b'o ', int(cap)
        streams[stderr] = pid, begin + b'e ', int(stderr_cap)
    _read(streams, ends, end)
    # Their pipes are held by what they left behind, or they cannot end.
    while ends:
        posix.write(1, ends.pop(posix.wait()[0]))


def _start(text: str, environment: 'dict[bytes, bytes]') -> 'tuple[int, int, int]':
    """Run the shell's text; return its process, and where its stdout and stderr are read.

    Raises:
        OSError: it cannot be run.
    """
    stdout, stdout_end = posix.pipe()
    stderr, stderr_end = posix.pipe()
    pid = posix.posix_spawnp(
        'sh',
        ['sh', '-c', text],
        environment,
        file_actions=[
            (posix.POSIX_SPAWN_DUP2, stdout_end, 1),
            (posix.POSIX_SPAWN_DUP2, stderr_end, 3),
        ],
        setsigdef=_IGNORED,
    )
    posix.close(stdout_end)
    posix.close(stderr_end)
    return pid, stdout, stderr


def _read(
    streams: 'dict[int, tuple[int, bytes, int]]', ends: 'dict[int, bytes]', end: float
) -> None:
    """Print frames of what the streams bring, each once it is there, until the end.

    Args:
        streams: by file descriptor whose it is, what its frames begin with, and how many bytes are
            wanted still. What comes past these is dropped, so that nobody blocks on a full pipe.
        ends: by process, the frame after its last; those that are printed are taken out.
        end: when to stop reading.
    """
    poll = select.poll()
    for stream in streams:
        poll.register(stream, select.POLLIN)
    while streams and time.monotonic() < end:
        for stream, _event in poll.poll(max(0.0, end - time.monotonic()) * 1000):
            pid, begin, wanted = streams.pop(stream)
            piece = posix.read(stream, _PIECE_BYTES)
            for start in range(0, min(len(piece), wanted), _LINE_BYTES):
                line = piece[start : min(start + _LINE_BYTES, wanted)]
                posix.write(1, begin + b2a_base64(line))
            if piece:
                streams[stream] = pid, begin, max(0, wanted - len(piece))
                continue
            poll.unregister(stream)
            posix.close(stream)
            if pid not in (other for other, _begin, _wanted in streams.values()):
                posix.waitpid(pid, 0)
                posix.write(1, ends.pop(pid))


if __name__ == '__main__':
    if not hasattr(posix, 'posix_spawnp'):
        sys.exit('older than 3.8')
    # From here on nothing else may run them: 7 says so. 2 was silent, 6 is what it was.
    posix.write(7, b'begun')
    posix.close(7)
    posix.dup2(6, 2)
    posix.close(6)
    main(*sys.argv[1:])
