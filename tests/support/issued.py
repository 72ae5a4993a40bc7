"""Chains of certificates in all shapes: crosswise signed, renewed, with their root or without."""

from __future__ import annotations

import itertools
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.patience import PATIENCE

_SERIALS = itertools.count(1)


class Party:
    """Somebody with a name and a key, which may be certified any number of times."""

    def __init__(self, name: str, authority: bool = True) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.authority = authority

    def certified(self, issuer: Party, days: float, key_ids: bool = False) -> bytes:
        """Return a certificate by `issuer`, in DER, that ends so many days from now.

        With `key_ids` it tells its key and its issuer's by their identifiers.
        """
        until = datetime.now(timezone.utc) + timedelta(days=days)
        made = (
            x509.CertificateBuilder(issuer.name, self.name, self.key.public_key())
            .serial_number(next(_SERIALS))
            .not_valid_before(until - timedelta(days=5000))
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(self.authority, None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName('localhost')]), False)
        )
        if key_ids:
            theirs = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
            made = made.add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False
            ).add_extension(theirs, False)
        signed = made.sign(issuer.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.DER)

    def key_pem(self) -> bytes:
        """Return the private key in PEM."""
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )


@dataclass(frozen=True)
class Chain:
    """What a server sends, its own first; the key to that; what its clients trust; all in DER."""

    sent: tuple[bytes, ...]
    key: bytes
    roots: tuple[bytes, ...]

    def served(self, directory: Path) -> Path:
        """Write what a server is to load, and return the file."""
        path = directory / 'served.pem'
        path.write_bytes(self.key + pem(self.sent))
        return path

    def trusted(self, directory: Path) -> Path:
        """Write what clients trust, and return the file."""
        path = directory / 'roots.pem'
        path.write_bytes(pem(self.roots))
        return path

    def openssl_trusts(self, directory: Path, at: datetime) -> bool:
        """Return whether OpenSSL would trust the server at that time."""
        (directory / 'leaf').write_bytes(pem(self.sent[:1]))
        (directory / 'sent').write_bytes(pem(self.sent))
        roots, moment = self.trusted(directory), str(int(at.timestamp()))
        asked = ('openssl', 'verify', '-attime', moment, '-CAfile', str(roots), '-no-CApath')
        done = subprocess.run(
            [*asked, '-no-CAstore', '-untrusted', 'sent', 'leaf'],
            cwd=directory,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.returncode == 0


def pem(certificates: tuple[bytes, ...]) -> bytes:
    """Return the certificates in PEM."""
    read = (x509.load_der_x509_certificate(item) for item in certificates)
    return b''.join(item.public_bytes(serialization.Encoding.PEM) for item in read)


def chains() -> dict[str, tuple[Chain, int]]:
    """Return by name each shape of chain, and for how many days it is good."""
    site, inter, root, other = (
        Party(name, authority=name != 'localhost')
        for name in ('localhost', 'intermediate', 'new root', 'old root')
    )
    leaf, middle = site.certified(inter, 300), inter.certified(root, 200)
    short, gone = inter.certified(root, 3), inter.certified(root, -20)
    top, old_top = root.certified(root, 4000), root.certified(root, -10)
    cross, old_cross = root.certified(other, 100), root.certified(other, -30)
    key = site.key_pem()
    told = site.certified(inter, 300, key_ids=True)
    of_old_key = inter.certified(root, 3, key_ids=True)
    of_new_key = Party('intermediate').certified(root, 3000, key_ids=True)

    def chain(*sent: bytes, roots: tuple[bytes, ...] = (top,)) -> Chain:
        return Chain((leaf, *sent), key, roots)

    return {
        'straight': (chain(middle), 200),
        'root sent along': (chain(middle, top), 200),
        'intermediate ends soon': (chain(short), 3),
        'intermediate has expired': (chain(gone), -20),
        'expired cross-signature': (chain(middle, old_cross), 200),
        'expired cross-signature and root': (chain(middle, old_cross, top), 200),
        'old root sent, clients have it renewed': (chain(middle, old_top), 200),
        'old root sent, clients have no other': (chain(middle, old_top, roots=(old_top,)), -10),
        'cross-signature is the only way': (
            chain(middle, cross, roots=(other.certified(other, 4000),)),
            100,
        ),
        'old root of the cross-signature': (
            chain(middle, cross, roots=(other.certified(other, -5), top)),
            200,
        ),
        'intermediate twice, renewed': (chain(gone, middle), 200),
        'intermediate twice, soon first': (chain(short, middle), 200),
        'a stranger along': (chain(middle, other.certified(other, -400)), 200),
        'intermediate has a new key': (Chain((told, of_old_key, of_new_key), key, (top,)), 3),
        'two roots of one name': (chain(middle, roots=(old_top, top)), 200),
    }
