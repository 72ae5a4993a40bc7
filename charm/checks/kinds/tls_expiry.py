"""How long a TLS certificate is still good: of a server, or in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Callable, Iterator, List, Optional

from ...kernel.deadline import Deadline
from ...kernel.errors import CheckError
from ...kernel.report import Health
from ..check import Verdict
from ..der import DerError, Validity, read_validity
from ..options import OUTSIDE, OptionError, require_order
from ..sockets import NoAnswer, bounded, connect, failed, where
from ..thresholds import Range, judge

_BEGIN, _END = b'-----BEGIN CERTIFICATE-----', b'-----END CERTIFICATE-----'
_MOST_BYTES = 1024 * 1024


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _blocks(data: bytes) -> Iterator[bytes]:
    """Yield what stands between each begin of a certificate in PEM and the end after it."""
    begin = data.find(_BEGIN)
    end = data.find(_END, begin)
    while 0 <= begin < end:
        yield data[begin + len(_BEGIN) : end]
        begin = data.find(_BEGIN, end)
        end = data.find(_END, begin)


@dataclass(frozen=True)
class TlsExpiry:
    """Warn and fail some days before a certificate expires, and fail once it has.

    Attributes:
        host: whom to ask; or else
        file: certificates in PEM; the first to expire counts.
        port: where to ask.
        server_name: the name to ask for and to verify; `host` by default.
        verify: also fail when the certificate is not trusted, or not for that name.
        ca_file: trust these authorities instead of the system's; PEM.
        warn_days, fail_days: less than this is too short.
    """

    host: str = ''
    file: Optional[Path] = None
    port: int = 443
    server_name: str = ''
    verify: bool = False
    ca_file: Optional[Path] = None
    warn_days: float = 30.0
    fail_days: float = 7.0
    now: Callable[[], datetime] = field(default=_now, metadata=OUTSIDE)

    def __post_init__(self) -> None:
        if bool(self.host) is (self.file is not None):
            raise OptionError('', 'one of the options host and file is needed, and not both')
        if not 0 < self.port < 65536:
            raise OptionError('port', f'{self.port} is not between 1 and 65535')
        if self.verify and self.file is not None:
            raise OptionError('verify', 'only the certificate of a host can be verified')
        # Fewer days are the worse ones, hence the turned order.
        require_order(-self.warn_days, -self.fail_days)

    def run(self, deadline: Deadline) -> Verdict:
        """Return the verdict; `data` has `days_left` and `not_after`."""
        place = str(self.file) if self.file is not None else where(self.host, self.port)
        fetched: List[bytes] = []
        if self.file is not None:
            fetched = self._read_file(self.file)
        else:
            reason = failed(lambda: fetched.append(self._fetch(deadline, verify=False)))
            if reason:
                return Verdict(Health.FAIL, f'{place} shows no certificate: {reason}')
        try:
            first = min(
                (read_validity(certificate) for certificate in fetched),
                key=lambda certificate: certificate.not_after,
            )
        except DerError as error:
            raise CheckError(f'cannot read the certificate of {place}: {error}') from error
        distrust = failed(lambda: self._fetch(deadline, verify=True)) if self.verify else ''
        return self._judge(place, first, distrust)

    def _read_file(self, path: Path) -> List[bytes]:
        import binascii  # Imported here as it serves this method alone.

        try:
            with path.open('rb') as stream:
                data = stream.read(_MOST_BYTES)
        except FileNotFoundError as error:
            raise CheckError(f'cannot read {path}: it does not exist') from error
        except OSError as error:
            raise CheckError(f'cannot read {path}: {error.strerror}') from error
        try:
            found = [binascii.a2b_base64(block) for block in _blocks(data)]
        except binascii.Error as error:
            raise CheckError(f'cannot read {path}: {error}') from error
        if not found:
            raise CheckError(f'cannot read {path}: it holds no certificate in PEM')
        return found

    def _fetch(self, deadline: Deadline, verify: bool) -> bytes:
        """Return the server's certificate, in DER.

        Raises:
            NoAnswer, OSError: it shows none, or, asked to verify, one that is not trusted.
        """
        # Imported here: it costs a third of our start, which other checks need not pay.
        import ssl

        context = self._context(ssl, verify)
        raw = connect(self.host, self.port, deadline)
        with raw:
            bounded(deadline, raw)
            name = self.server_name or self.host
            try:
                with context.wrap_socket(raw, server_hostname=name) as secured:
                    certificate: Optional[bytes] = secured.getpeercert(binary_form=True)
            except ssl.SSLCertVerificationError as error:
                raise NoAnswer(error.verify_message) from error
            except (ssl.SSLError, ssl.CertificateError) as error:
                reason = getattr(error, 'reason', None) or str(error)
                raise NoAnswer(f'no TLS there: {reason}') from error
        if not certificate:
            raise NoAnswer('the handshake ended without one')
        return certificate

    def _context(self, ssl: Any, verify: bool) -> Any:
        if not verify:
            # We want to see the certificate whatever is wrong with it; nothing is sent or trusted.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            return context
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise CheckError(f'cannot use {self.ca_file}: {error.strerror or error}') from error

    def _judge(self, place: str, validity: Validity, distrust: str) -> Verdict:
        now = self.now()
        days = (validity.not_after - now).total_seconds() / 86400
        until = f'{validity.not_after:%Y-%m-%d}'
        data = {
            'days_left': round(days, 3),
            'not_before': validity.not_before.isoformat().replace('+00:00', 'Z'),
            'not_after': validity.not_after.isoformat().replace('+00:00', 'Z'),
            'trusted': (not distrust) if self.verify else None,
        }
        if days < 0:
            return Verdict(Health.FAIL, f'{place} expired {-days:.0f} days ago, {until}', data)
        if validity.not_before > now:
            since = f'{validity.not_before:%Y-%m-%d %H:%M}'
            return Verdict(Health.FAIL, f'{place} is not good before {since} UTC', data)
        text = f'{place} is good for {days:.0f} more days, until {until}'
        if distrust:
            return Verdict(Health.FAIL, f'{text}, but is not trusted: {distrust}', data)
        ranges = Range.at_least(self.warn_days), Range.at_least(self.fail_days)
        return Verdict(judge(days, *ranges), text, data)
