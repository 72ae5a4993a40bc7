"""Ship one unit's reports: the oldest first, again and again until the orchestrator has them."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timezone
from typing import Callable, Mapping, Optional, Tuple

from ...kernel import push_contract
from ...kernel.deadline import Deadline
from ...kernel.errors import ReportError
from ...kernel.facts import dataclass, replace
from ...kernel.fields import Fields, format_time
from ...kernel.strict_json import load as load_json
from ...kernel.wakeup import Wakeup
from ..units import Push
from .post import PostError, PushReply, pinned, post
from .spool import Spool, SpooledReport

REQUEST_SECONDS = 30.0
FIRST_BACKOFF_SECONDS = 1.0
MOST_BACKOFF_SECONDS = 300.0
_BATCH_BYTES = 512 * 1024
_DENIED = (401, 403)
_TOO_LARGE = 413

Post = Callable[[Mapping[str, str], bytes], PushReply]
Say = Callable[[str], None]


@dataclass(frozen=True)
class PushCounts:
    """Counts of pushes since the start.

    Attributes:
        shipped: reports that the orchestrator has taken, or had already.
        refused: reports that it took note of and does not want.
        failures: requests without an answer that settled anything.
        last_error: why the last one failed; empty once one has succeeded.
    """

    shipped: int = 0
    refused: int = 0
    failures: int = 0
    last_error: str = ''


def backoff_seconds(failures: int, fraction: float) -> float:
    """Return how long to wait after so many failures in a row.

    It doubles from 1 s to 5 min, and `fraction`, 0.0 to 1.0 at random, takes up to half of it
    away: when the orchestrator comes back, not all machines knock at once.
    """
    # The exponent is bounded, since two to the power of a day's failures is no float.
    longest = FIRST_BACKOFF_SECONDS * (1 << min(max(failures - 1, 0), 20))
    return min(longest, MOST_BACKOFF_SECONDS) * (1.0 - fraction / 2)


def headers_for(unit: str, push: Push, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers that a push of this body carries."""
    sent_at = format_time(now) or ''
    signature = push_contract.sign(push.credential, unit, push.model, sent_at, body)
    headers = {
        'Content-Type': push_contract.CONTENT_TYPE,
        push_contract.UNIT_HEADER: unit,
        push_contract.SENT_AT_HEADER: sent_at,
        'Authorization': f'{push_contract.SCHEME} {signature}',
    }
    return {**headers, push_contract.MODEL_HEADER: push.model} if push.model else headers


def body_of(entries: Tuple[SpooledReport, ...]) -> bytes:
    """Return the reports as lines."""
    return b''.join(entry.report + b'\n' for entry in entries)


def read_ack(body: bytes, sent: int) -> Tuple[int, Tuple[str, ...]]:
    """Return how many reports were taken, duplicates included, and why others were refused.

    Raises:
        ReportError: it does not account for all that were sent: a stranger answered.
    """
    ack = Fields(load_json(body), 'ack')
    taken = (ack.count('accepted') or 0) + (ack.count('duplicate') or 0)
    reasons = tuple(
        Fields(item, f'ack.refused[{index}]').text('reason')
        for index, item in enumerate(ack.array('refused', push_contract.MOST_REPORTS))
    )
    if taken + len(reasons) != sent:
        raise ReportError('ack', f'it accounts for {taken + len(reasons)} of {sent} reports')
    return taken, reasons


class Pusher:
    """Ships from one spool, in a thread of its own.

    Args:
        unit: whose reports they are.
        push: where to.
        spool: where from.
        say: is told, in one line, what an operator should know.
        send: sends one request; tests pass their own.
        fraction: returns 0.0 to 1.0 at random.
    """

    def __init__(
        self,
        unit: str,
        push: Push,
        spool: Spool,
        say: Say,
        send: Optional[Post] = None,
        fraction: Callable[[], float] = random.random,
    ) -> None:
        self.unit = unit
        self.push = push
        self.tally = PushCounts()
        self._spool = spool
        self._say = say
        self._send = send or self._send_over_tls
        self._fraction = fraction
        self._bell = Wakeup()
        self._stopped = False
        self._most = push_contract.MOST_REPORTS
        self._in_a_row = 0
        self._thread = threading.Thread(target=self._run, name=f'push {unit}', daemon=True)

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def stop(self) -> None:
        """Ship no more; what is under way is abandoned, and what it carried stays in the spool."""
        self._stopped = True
        self._bell.ring()

    def nudge(self) -> None:
        """Say that there is something to ship."""
        self._bell.ring()

    def step(self) -> Optional[float]:
        """Ship one batch; return the seconds to wait before the next, `None` until nudged."""
        entries = self._spool.oldest(_BATCH_BYTES, self._most)
        if not entries:
            return None
        body = body_of(entries)
        headers = headers_for(self.unit, self.push, body, datetime.now(timezone.utc))
        try:
            answer = self._send(headers, body)
        except PostError as error:
            return self._failed(str(error))
        return self._settle(answer, entries)

    def _settle(self, answer: PushReply, entries: Tuple[SpooledReport, ...]) -> Optional[float]:
        if answer.status == _TOO_LARGE:
            return self._too_large(entries)
        if answer.status != 200:
            reason = f'it answered {answer.status}'
            if answer.status in _DENIED:
                reason += ': the credential is not good for this unit'
                # Asking again soon would not make it better.
                self._in_a_row = max(self._in_a_row, 8)
            return self._failed(reason, answer.retry_after_seconds)
        try:
            taken, reasons = read_ack(answer.body, len(entries))
        except ReportError as error:
            return self._failed(f'its answer is not an ack: {error}')
        if self._stopped:
            # Another pusher may own the spool by now; what it sends twice is harmless.
            return None
        for reason in reasons:
            self._say(f'a report of {self.unit} was refused by {self.push.url}: {reason}')
        self._spool.drop(entry.order for entry in entries)
        if self.tally.last_error:
            self._say(f'reports of {self.unit} reach {self.push.url} again')
        self.tally = PushCounts(
            self.tally.shipped + taken, self.tally.refused + len(reasons), self.tally.failures
        )
        self._in_a_row, self._most = 0, push_contract.MOST_REPORTS
        return 0.0

    def _too_large(self, entries: Tuple[SpooledReport, ...]) -> float:
        if len(entries) > 1:
            self._most = max(len(entries) // 2, 1)
            return 0.0
        self._say(f'a report of {self.unit} is too large for {self.push.url}, and is dropped')
        self._spool.drop(entry.order for entry in entries)
        self.tally = replace(self.tally, refused=self.tally.refused + 1)
        return 0.0

    def _failed(self, reason: str, least_seconds: Optional[float] = None) -> float:
        if not self.tally.last_error:
            self._say(f'reports of {self.unit} do not reach {self.push.url}: {reason}')
        self._in_a_row += 1
        self.tally = replace(self.tally, failures=self.tally.failures + 1, last_error=reason)
        wait = backoff_seconds(self._in_a_row, self._fraction())
        return max(wait, min(least_seconds or 0.0, MOST_BACKOFF_SECONDS))

    def _send_over_tls(self, headers: Mapping[str, str], body: bytes) -> PushReply:
        url = self.push.url.rstrip('/') + push_contract.PATH
        return post(url, pinned(self.push.ca), headers, body, Deadline.after(REQUEST_SECONDS))

    def _run(self) -> None:
        while True:
            self._bell.hush()
            if self._stopped:
                break
            try:
                wait = self.step()
            except Exception as error:  # noqa: BLE001 - the boundary: shipping never ends for good
                wait = self._failed(f'{type(error).__name__}: {error}')
            if wait is None:
                self._bell.wait()
            else:
                self._pause(Deadline.after(wait))

    def _pause(self, deadline: Deadline) -> None:
        """Wait it out unless we are stopped: new reports do not shorten a backoff."""
        while not self._stopped and not deadline.passed:
            self._bell.wait(deadline.remaining_seconds)
            self._bell.hush()
