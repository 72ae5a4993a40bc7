"""A dead man's signal: somebody elsewhere is told of each sweep, and notices when none comes.

As healthchecks.io has it (https://healthchecks.io/docs/http_api/): `URL/start` when a sweep
begins, `URL` when it has ended, `URL/fail` with a reason when it could not be made.
"""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx

from charm.kernel.deadline import Deadline
from charm.kernel.safe_text import clean
from reconciler.collect.retry_policy import policy
from reconciler.inbox.keys import read_word
from reconciler.values.errors import PingError, UsageError

# For each step of a request, and for a request with all its repetitions.
_STEP_SECONDS = 5.0
_SECONDS = 10.0
_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 1.0
# What passes by itself, beside all of 500 and above.
_TOO_MANY = 429
_MOST_REASON = 500


def read_url(given: str) -> str:
    """Return the URL that is given, or that is the first word of the file which is given.

    It is a secret, so that no error tells more of it than the host.

    Raises:
        UsageError: it is none, or others may read the file.
    """
    url = given if '://' in given else read_word(Path(given), '--ping')
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ('http', 'https') and bool(httpx.URL(url).host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise UsageError('cannot ping: --ping wants an https:// URL, or a file that holds one')
    return url


def shown(url: str) -> str:
    """Return what may be shown of a URL, such as `https://hc-ping.com/…`."""
    parts = urlsplit(url)
    return f'{parts.scheme}://{parts.netloc.rpartition("@")[2]}/…'


def beside(url: str, word: str) -> str:
    """Return the URL with a word more in its path; what follows a `?` stays behind."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f'{parts.path.rstrip("/")}/{word}', fragment=''))


class Ping:
    """The signal of one sweep; it keeps nobody waiting, but for `_SECONDS` when all is done.

    Attributes:
        faults: what was not taken, in words without the secret.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._last: threading.Thread | None = None
        self.faults: list[str] = []

    def begin(self) -> None:
        """Tell that the sweep begins, while it does."""
        self._last = self._sending(beside(self._url, 'start'), '', 'that a sweep began')

    def succeed(self) -> None:
        """Tell that it has come to its end, whatever the health is."""
        self._end(self._url, '', 'that a sweep ended')

    def fail(self, reason: str) -> None:
        """Tell that it could not be made."""
        text = clean(reason, _MOST_REASON)
        self._end(beside(self._url, 'fail'), text, 'that a sweep failed')

    def _end(self, url: str, text: str, what: str) -> None:
        begun = self._last
        if begun is not None:
            # In this order they make sense; the beginning was under way all the time.
            begun.join(_SECONDS)
        ending = self._sending(url, text, what)
        ending.join(_SECONDS + _STEP_SECONDS)
        if ending.is_alive():
            self._note(what, 'no answer in time')

    def _sending(self, url: str, text: str, what: str) -> threading.Thread:
        thread = threading.Thread(target=self._send, args=(url, text, what), daemon=True)
        thread.start()
        return thread

    def _send(self, url: str, text: str, what: str) -> None:
        attempts = policy(Deadline.after(_SECONDS), lambda: True, _ATTEMPTS, _FIRST_PAUSE_SECONDS)
        try:
            attempts(_post, url, text)
        except PingError as error:
            self._note(what, str(error))
        except Exception as error:  # noqa: BLE001 - the boundary: no signal spoils the sweep that it tells of
            self._note(what, type(error).__name__)

    def _note(self, what: str, reason: str) -> None:
        told = clean(reason).replace(self._url, shown(self._url))
        self.faults.append(f'cannot tell {shown(self._url)} {what}: {told}')


def _post(url: str, text: str) -> None:
    """Send one request; its answer's body is not waited for.

    Raises:
        PingError: it was not taken.
    """
    # The machine's own authorities, as a company's own watcher is signed by the company's.
    context = ssl.create_default_context()
    try:
        client = httpx.Client(verify=context, timeout=_STEP_SECONDS)
        with client, client.stream('POST', url, content=text.encode()) as answer:
            status = answer.status_code
    except httpx.HTTPError as error:
        raise PingError(str(error) or type(error).__name__, retryable=True) from error
    if not 200 <= status < 300:
        again = status >= 500 or status == _TOO_MANY
        raise PingError(f'it answered {status}', retryable=again)
