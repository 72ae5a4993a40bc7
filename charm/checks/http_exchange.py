"""One question to a web server and its whole answer, by a deadline; and those it redirects to."""

from __future__ import annotations

import io
import socket

from ..kernel.deadline import Deadline
from ..kernel.errors import CheckError
from ..kernel.facts import dataclass
from ..kernel.hints import TYPE_CHECKING, Any, Callable, List, Mapping, Tuple
from ..kernel.names import host_bytes
from . import urls
from .http_head import read_head
from .sockets import BoundedSocket, NoAnswer, bounded, connect

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse
    from urllib.parse import SplitResult

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10


@dataclass(frozen=True)
class HttpResponse:
    """A response.

    Attributes:
        status, reason: of the final answer.
        body: as it came, up to the cap.
        truncated: whether there was more.
        coding: how the body is packed, such as `gzip`.
        content_type: what it is, with its charset.
        location: where it leads.
    """

    status: int
    reason: str
    body: bytes
    truncated: bool
    coding: str = ''
    content_type: str = ''
    location: str = ''


@dataclass(frozen=True)
class Exchange:
    """How to ask.

    Attributes:
        method: GET or HEAD.
        headers: sent along, to nobody but whom the first URL asks.
        maximum_bytes: how much of a body is read.
        make_context: makes the TLS to ask by.
        deadline: by when all has to be there.
    """

    method: str
    headers: Mapping[str, str]
    maximum_bytes: int
    make_context: Callable[[], Any]
    deadline: Deadline

    def follow(self, url: str) -> Tuple[str, HttpResponse]:
        """Return the URL that no redirect leads on from, and its answer.

        Raises:
            NoAnswer: as `ask`; or redirects go in a circle, too far, or where we do not go.
            CheckError: as `ask`.
        """
        seen: List[str] = [url]
        while True:
            own = urls.origin(seen[-1]) == urls.origin(url)
            answer = self.ask(seen[-1], self.headers if own else {})
            if answer.status not in _REDIRECTS or not answer.location:
                return seen[-1], answer
            following = urls.led_to(seen[-1], answer.location)
            if following in seen:
                raise NoAnswer(f'it redirects in a circle, back to {urls.shown(following)}')
            if len(seen) > _MOST_REDIRECTS:
                raise NoAnswer(f'it redirects more than {_MOST_REDIRECTS} times')
            seen.append(following)

    def ask(self, url: str, headers: Mapping[str, str]) -> HttpResponse:
        """Return the final answer of one URL, whatever it is.

        Raises:
            NoAnswer: there is none in time, or not a whole one.
            CheckError: it cannot be asked for.
        """
        # Imported here: http.client brings email.parser along, which other checks need not pay.
        import http.client

        parts = urls.split(url)
        context = self.make_context() if parts.scheme == 'https' else None
        raw = connect(urls.host_of(parts), urls.port_of(parts), self.deadline)
        try:
            with self._secure(raw, context, parts) as secured:
                client = http.client.HTTPConnection(str(parts.hostname), urls.port_of(parts))
                # The connection is ours, so that every read of it is held to the deadline.
                client.sock = BoundedSocket(secured, self.deadline)
                return self._talk(client, parts, headers)
        except http.client.HTTPException as error:
            reason = str(error) or type(error).__name__
            raise NoAnswer(f'not a whole HTTP answer: {reason[:200]}') from error
        except socket.timeout as error:
            raise NoAnswer('the answer did not end in time') from error
        except OSError as error:
            raise NoAnswer(error.strerror or str(error)) from error
        except ValueError as error:
            raise CheckError(f'cannot ask for {urls.shown(url)}: {error}') from error
        finally:
            raw.close()

    def _secure(self, raw: socket.socket, context: Any, parts: SplitResult) -> socket.socket:
        if context is None:
            return raw
        bounded(self.deadline, raw)
        name = urls.host_of(parts).partition('%')[0]
        secured: socket.socket = context.wrap_socket(raw, server_hostname=host_bytes(name))
        return secured

    def _talk(
        self, client: HTTPConnection, parts: SplitResult, headers: Mapping[str, str]
    ) -> HttpResponse:
        target = (parts.path or '/') + (f'?{parts.query}' if parts.query else '')
        plain = {'User-Agent': 'juju-health', 'Accept': '*/*', 'Connection': 'close'}
        client.request(
            self.method, target, headers={'Host': urls.host_header(parts), **plain, **headers}
        )
        response = _final(client, self.method)
        body = response.read(self.maximum_bytes + 1)
        if response.length and len(body) <= self.maximum_bytes:
            # A read with a bound comes back short without a word.
            raise NoAnswer(f'the answer breaks off {response.length} bytes before its end')
        cut = body[: self.maximum_bytes]
        return HttpResponse(
            response.status,
            response.reason,
            cut,
            len(body) > len(cut),
            response.getheader('Content-Encoding', ''),
            response.getheader('Content-Type', ''),
            # Of several a browser and curl take the first.
            response.headers.get('Location', ''),
        )


def _final(client: HTTPConnection, method: str) -> HTTPResponse:
    """Return the final answer, with its body to be read."""
    import http.client

    response = http.client.HTTPResponse(client.sock, method=method)
    stream = response.fp
    response.fp = io.BufferedReader(io.BytesIO(read_head(stream)))
    response.begin()
    response.fp = stream
    return response
