"""Whether a URL answers: status, body, and how long it takes."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Mapping, Optional, Tuple

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.report import Health
from ..check import Verdict
from ..options import OptionError, require_order
from ..patterns import check_pattern, search
from ..phrases import size, span
from ..sockets import BoundedSocket, NoAnswer, bounded, connect
from ..thresholds import Range, judge

if TYPE_CHECKING:
    from http.client import HTTPConnection
    from urllib.parse import SplitResult

_STATUS = re.compile(r'([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?')
_VISIBLE = re.compile(r'[\x21-\x7e]+')


@dataclass(frozen=True)
class HttpResponse:
    """A response: status, its reason, the body up to the cap, and whether there was more."""

    status: int
    reason: str
    body: bytes
    truncated: bool


@dataclass(frozen=True)
class HttpUrl:
    """Fail unless the URL answers with an expected status, and body, by the check's timeout.

    Redirects are not followed: they are answers, and pass by default. Proxies are not used.

    Attributes:
        url: http or https, without user and password.
        expect_status: statuses or spans of them, such as `200` or `200-399`.
        contains: text that the body has to hold.
        matches: a regular expression that has to be found in the body.
        method: GET or HEAD.
        headers: sent with the request.
        maximum_bytes: how much of the body is read.
        verify_tls: whether the certificate has to be good for the host's name.
        ca_file: trust these authorities instead of the system's; PEM.
        warn_seconds, fail_seconds: the whole answer may take this long.
    """

    url: str
    expect_status: Tuple[str, ...] = ('200-399',)
    contains: str = ''
    matches: str = ''
    method: str = 'GET'
    headers: Mapping[str, str] = field(default_factory=dict)
    maximum_bytes: int = 1024 * 1024
    verify_tls: bool = True
    ca_file: Optional[Path] = None
    warn_seconds: Optional[float] = None
    fail_seconds: Optional[float] = None

    def __post_init__(self) -> None:
        _split(self.url)
        for words in self.expect_status:
            if not _STATUS.fullmatch(words):
                raise OptionError('expect_status', f'{words!r} is not a status, or a-b')
        if self.method not in ('GET', 'HEAD'):
            raise OptionError('method', f'{self.method!r} is neither GET nor HEAD')
        if self.method == 'HEAD' and (self.contains or self.matches):
            raise OptionError('method', 'HEAD gives no body to look into')
        check_pattern('matches', self.matches)
        require_order(self.warn_seconds, self.fail_seconds, '_seconds')

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data` has `status` and `seconds`, `None` without an answer."""
        # The query is left out of messages: it may carry a secret.
        place = self.url.partition('?')[0]
        started = time.monotonic()
        try:
            answer = self._fetch(deadline)
        except NoAnswer as error:
            data = {'status': None, 'seconds': None}
            return Verdict(Health.FAIL, f'{place}: {error}', data)
        seconds = time.monotonic() - started
        return self._judge(place, answer, seconds, deadline)

    def _fetch(self, deadline: Deadline) -> HttpResponse:
        # Imported here: http.client brings email.parser along, which other checks need not pay.
        import http.client

        parts = _split(self.url)
        port = parts.port or (443 if parts.scheme == 'https' else 80)
        raw = connect(str(parts.hostname), port, deadline)
        try:
            with self._secure(raw, str(parts.hostname), deadline) as secured:
                client = http.client.HTTPConnection(str(parts.hostname), port)
                # The connection is ours, so that every read of it is held to the deadline.
                client.sock = BoundedSocket(secured, deadline)
                return self._ask(client, parts)
        except http.client.HTTPException as error:
            reason = str(error) or type(error).__name__
            raise NoAnswer(f'not a whole HTTP answer: {reason[:200]}') from error
        except socket.timeout as error:
            raise NoAnswer('the answer did not end in time') from error
        except OSError as error:
            raise NoAnswer(error.strerror or str(error)) from error
        except ValueError as error:
            raise CheckError(f'cannot ask for {self.url}: {error}') from error
        finally:
            raw.close()

    def _ask(self, client: HTTPConnection, parts: SplitResult) -> HttpResponse:
        target = (parts.path or '/') + (f'?{parts.query}' if parts.query else '')
        plain = {'User-Agent': 'juju-health', 'Accept': '*/*', 'Connection': 'close'}
        headers = {'Host': parts.netloc, **plain, **self.headers}
        client.request(self.method, target, headers=headers)
        response = client.getresponse()
        body = response.read(self.maximum_bytes + 1)
        if response.length and len(body) <= self.maximum_bytes:
            # A read with a bound comes back short without a word.
            raise NoAnswer(f'the answer breaks off {response.length} bytes before its end')
        cut = body[: self.maximum_bytes]
        return HttpResponse(response.status, response.reason, cut, len(body) > len(cut))

    def _secure(self, raw: socket.socket, host: str, deadline: Deadline) -> socket.socket:
        if not self.url.startswith('https:'):
            return raw
        # Imported here: it costs a third of our start, which other checks need not pay.
        import ssl

        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise CheckError(f'cannot use {self.ca_file}: {error.strerror or error}') from error
        if not self.verify_tls:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        bounded(deadline, raw)
        return context.wrap_socket(raw, server_hostname=host)

    def _judge(
        self, place: str, answer: HttpResponse, seconds: float, deadline: Deadline
    ) -> Verdict:
        data = {
            'status': answer.status,
            'seconds': round(seconds, 6),
            'body_bytes': len(answer.body),
            'body_truncated': answer.truncated,
        }
        said = f'{place} answered {answer.status} {answer.reason}'.rstrip()
        if not any(_within(answer.status, words) for words in self.expect_status):
            wanted = ', '.join(self.expect_status)
            return Verdict(Health.FAIL, f'{said}, wanted {wanted}', data)
        lacks = self._lacks(answer, deadline)
        if lacks:
            return Verdict(Health.FAIL, f'{said}, {lacks}', data)
        warn, fail = Range.at_most(self.warn_seconds), Range.at_most(self.fail_seconds)
        return Verdict(judge(seconds, warn, fail), f'{said} in {span(seconds)}', data)

    def _lacks(self, answer: HttpResponse, deadline: Deadline) -> str:
        """Return what the body should have and has not; nothing if it is as it should be."""
        text = answer.body.decode('utf-8', 'replace')
        looked = f' in its first {size(len(answer.body))}' if answer.truncated else ''
        if self.contains not in text:
            return f'without {self.contains!r}{looked}'
        if not all(search(self.matches, [text], deadline)):
            return f'without a match of {self.matches!r}{looked}'
        return ''


def _split(url: str) -> SplitResult:
    """Return the parts of the URL, or refuse one that we would not ask for."""
    # Imported here: it costs several milliseconds of our start.
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        usable = parts.scheme in ('http', 'https') and bool(parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise OptionError('url', f'{url!r}: {error}') from error
    if not usable or not _VISIBLE.fullmatch(url):
        raise OptionError('url', f'{url!r} is not an http or https URL in ASCII')
    if parts.username is not None:
        raise OptionError('url', 'it holds a user; send an Authorization header instead')
    return parts


def _within(status: int, words: str) -> bool:
    first, _dash, last = words.partition('-')
    return int(first) <= status <= int(last or first)
