"""How long a TLS certificate is still good: of a server, or in a file."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from ...kernel.deadline import Deadline
from ...kernel.facts import dataclass, field, replace
from ...kernel.hints import Any, Callable, Iterator, List, Optional, Sequence, Tuple
from ...kernel.report import Health, worst
from .. import default_thresholds, tls_contexts
from ..chain import best_path, read_all, readable
from ..check import Verdict
from ..der import Certificate
from ..expiry import Expiry
from ..handshake import Handshake, shake
from ..options import OUTSIDE, OptionError, require_order
from ..pem import read_pem
from ..sockets import BoundedSocket, connect, failed, where
from ..starttls import PROTOCOLS, ask_for_tls

_HTTPS = 443


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True)
class TlsExpiry:
    """Warn and fail some days before a certificate expires, and fail once it has.

    Attributes:
        host: whom to ask; or else
        file: certificates in PEM; the first to expire counts.
        port: where to ask; 443 by default, or that of `starttls`.
        starttls: the protocol in which TLS is asked for first, one of `PROTOCOLS`.
        server_name: the name to ask for and to verify; `host` by default.
        verify: also fail when the certificate is not trusted, or not for that name.
        ca_file: trust these authorities instead of the system's; PEM.
        cert_file, key_file: who we are, for a server that asks; PEM, the key may be in either.
        warn_days, fail_days: less than this is too short.
    """

    host: str = ''
    file: Optional[Path] = None
    port: Optional[int] = None
    starttls: str = ''
    server_name: str = ''
    verify: bool = False
    ca_file: Optional[Path] = None
    cert_file: Optional[Path] = None
    key_file: Optional[Path] = None
    warn_days: float = default_thresholds.TLS_WARN_DAYS
    fail_days: float = default_thresholds.TLS_FAIL_DAYS
    now: Callable[[], datetime] = field(default=_now, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if bool(self.host) is (self.file is not None):
            raise OptionError('', 'one of the options host and file is needed, and not both')
        if self.port is not None and not 0 < self.port < 65536:
            raise OptionError('port', f'{self.port} is not between 1 and 65535')
        if self.starttls and self.starttls not in PROTOCOLS:
            known = ', '.join(PROTOCOLS)
            raise OptionError('starttls', f'{self.starttls!r} is none of {known}')
        for option in ('verify', 'starttls', 'cert_file'):
            if self.file is not None and getattr(self, option):
                raise OptionError(option, 'it is for a host, not for a file')
        tls_contexts.require_certificate(self.cert_file, self.key_file)
        # Fewer days are the worse ones, hence the turned order.
        require_order(-self.warn_days, -self.fail_days)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data` has `days_left`, `not_after` and the `chain`."""
        if self.file is not None:
            held = read_all(str(self.file), read_pem(self.file))
            return self._expiry(str(self.file), held, held).verdict()
        shown: List[Handshake] = []
        reason = failed(lambda: shown.append(self._look(deadline)))
        if not reason and not shown[0].certificates:
            reason = shown[0].refusal or 'the handshake ended without one'
        if reason:
            return Verdict(Health.FAIL, f'{self._place} shows no certificate: {reason}')
        return self._judge(shown[0], deadline)

    @property
    def _port(self) -> int:
        return self.port or (PROTOCOLS[self.starttls][0] if self.starttls else _HTTPS)

    @property
    def _place(self) -> str:
        return where(self.host, self._port)

    def _look(self, deadline: Deadline) -> Handshake:
        """Return what the server shows, at need by the weakest TLS that OpenSSL here can."""
        usual = self._shake(tls_contexts.curious(), deadline)
        if not self._breaks(usual):
            return usual
        weak = self._shake(tls_contexts.curious(weak=True), deadline)
        if weak.refusal and len(usual.certificates) >= len(weak.certificates):
            return usual
        return replace(weak, usual=usual.refusal)

    def _shake(self, context: Any, deadline: Deadline) -> Handshake:
        tls_contexts.identify(context, self.cert_file, self.key_file)
        with connect(self.host, self._port, deadline) as raw:
            if self.starttls:
                ask_for_tls(self.starttls, BoundedSocket(raw, deadline))
            return shake(raw, self.server_name or self.host, context, deadline)

    def _breaks(self, shown: Handshake) -> bool:
        """Return whether the handshake fails for another reason than that we are nobody."""
        nobody = shown.asks and bool(shown.certificates) and self.cert_file is None
        return bool(shown.refusal) and (shown.distrusted or not nobody)

    def _judge(self, shown: Handshake, deadline: Deadline) -> Verdict:
        sent = read_all(self._place, shown.certificates)
        distrust, roots = self._verify(sent, deadline)
        expiry = self._expiry(self._place, sent, best_path(sent, roots))
        verdict, worse, notes = expiry.verdict(), [], []
        if self.verify and distrust:
            worse.append(Health.FAIL)
            notes.append(f'but is not trusted: {distrust}')
        elif self._breaks(shown):
            worse.append(Health.FAIL)
            notes.append(f'but the handshake fails: {shown.refusal}')
        notes += self._notes(shown)
        if expiry.needless:
            worse.append(Health.WARN)
            notes.append(f'sends {expiry.needless!r} along, which expired and is not needed')
        data = {
            **verdict.data,
            'trusted': (not distrust) if self.verify else None,
            'whole_chain': shown.whole,
            'protocol': shown.protocol or None,
            'asks_for_certificate': shown.asks,
        }
        health = worst([verdict.health, *worse])
        return Verdict(health, ', '.join([verdict.message, *notes]), data)

    def _expiry(
        self, place: str, held: Sequence[Certificate], needed: Sequence[Certificate]
    ) -> Expiry:
        return Expiry(place, held, needed, self.now(), self.warn_days, self.fail_days)

    def _notes(self, shown: Handshake) -> Iterator[str]:
        if shown.outdated:
            yield f'speaks {shown.protocol} at most, which is out of date'
        elif shown.usual:
            yield f'but only with weaker settings than usual: {shown.usual}'
        if shown.asks and self.cert_file is None:
            yield 'asks for a certificate of ours'

    def _verify(
        self, sent: Sequence[Certificate], deadline: Deadline
    ) -> Tuple[str, Sequence[Certificate]]:
        """Return why a careful client distrusts the server, and the roots such a client has.

        It is tried if that was asked for, or if it may tell that what expires is not needed.
        """
        soon = min(item.not_after for item in sent) - self.now() < timedelta(self.warn_days)
        if not self.verify and not (soon and len(sent) > 1):
            return '', ()
        context = tls_contexts.careful(self.ca_file)
        context.check_hostname = self.verify
        found: List[Handshake] = []
        reason = failed(lambda: found.append(self._shake(context, deadline)))
        if not reason and self._breaks(found[0]):
            reason = found[0].refusal
        # Those of a directory are loaded as they are needed, so they are known by now.
        roots = () if reason else context.get_ca_certs(binary_form=True)
        return reason, readable(roots)
