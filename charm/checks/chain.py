"""Which of the certificates that a server sends its clients need, and which they can do without.

A server often sends more than one way to trust it: an authority's certificate both signed by
itself and signed by another (Let's Encrypt's ISRG Root X1, crosswise by DST Root CA X3), or its
root along with the rest. Clients take any way that leads to a root of theirs (RFC 4158), so the
chain holds as long as the best of its ways does.
"""

from __future__ import annotations

import contextlib

from ..kernel.errors import CheckError
from ..kernel.hints import Dict, Iterable, List, Optional, Sequence, Tuple
from .der import Certificate, DerError, read_certificate


def read_all(place: str, certificates: Iterable[bytes]) -> Tuple[Certificate, ...]:
    """Return what each of the certificates says.

    Raises:
        CheckError: one of them is none.
    """
    try:
        return tuple(read_certificate(certificate) for certificate in certificates)
    except DerError as error:
        raise CheckError(f'cannot read the certificate of {place}: {error}') from error


def readable(certificates: Iterable[bytes]) -> Tuple[Certificate, ...]:
    """Return what those of the certificates say that can be read."""
    found: List[Certificate] = []
    for certificate in certificates:
        with contextlib.suppress(DerError):
            found.append(read_certificate(certificate))
    return tuple(found)


def best_path(sent: Sequence[Certificate], roots: Sequence[Certificate]) -> List[Certificate]:
    """Return the way from the first certificate to a root that stays good for longest.

    Args:
        sent: what the server sends, its own first.
        roots: what the client trusts; if empty any way counts that goes as far as it can.
    """
    trusted = {root.der for root in roots}
    there = list({item.der: item for item in (*sent, *roots)}.values())
    before: Dict[bytes, Optional[Certificate]] = {sent[0].der: None}
    # The widest path, by Dijkstra: whoever is taken first is reached by the best way there is.
    until = {sent[0].der: sent[0].not_after}
    waiting = [sent[0]]
    while waiting:
        taken = max(waiting, key=lambda item: until[item.der])
        waiting.remove(taken)
        issuers = [] if taken.self_issued else [x for x in there if taken.issued_by(x)]
        if taken.der in trusted or not (trusted or issuers):
            return _way(taken, before)
        for issuer in issuers:
            if issuer.der not in before:
                before[issuer.der] = taken
                until[issuer.der] = min(until[taken.der], issuer.not_after)
                waiting.append(issuer)
    return best_path(sent, ()) if roots else list(sent)


def role(index: int, certificate: Certificate) -> str:
    """Return what the certificate at that place in a chain is."""
    return 'leaf' if index == 0 else 'root' if certificate.self_issued else 'intermediate'


def _way(end: Certificate, before: Dict[bytes, Optional[Certificate]]) -> List[Certificate]:
    way: List[Certificate] = []
    step: Optional[Certificate] = end
    while step is not None:
        way.insert(0, step)
        step = before[step.der]
    return way


def read_message(message: bytes, modern: bool) -> Tuple[bytes, ...]:
    """Return the certificates, in DER, of a handshake's Certificate message without its header.

    Args:
        message: as RFC 5246, 7.4.2, has it, or RFC 8446, 4.4.2, if `modern`.
        modern: whether it is one of TLS 1.3, which has extensions with each certificate.

    A message that ends too early gives what stands before that.
    """
    found: List[bytes] = []
    # TLS 1.3 begins with a context: its length in a byte, and itself. Then: the length of all.
    at = (1 + message[0] if modern and message else 0) + 3
    while at + 3 <= len(message):
        start = at + 3
        end = start + int.from_bytes(message[at:start], 'big')
        if end > len(message):
            break
        found.append(message[start:end])
        at = end + 2 + int.from_bytes(message[end : end + 2], 'big') if modern else end
    return tuple(found)
