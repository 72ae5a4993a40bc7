"""An authority of the operator's own and a certificate that it signed: enough to begin with."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from charm.kernel.files import write_whole

from ..values.errors import UsageError
from .certificate_files import CertificateFiles

_AUTHORITY_DAYS = 3650
_SERVER_DAYS = 825
# Clocks of units may be behind ours.
_BEFORE = timedelta(days=1)
_SECRET = 0o600


def make_missing(
    files: CertificateFiles, names: Sequence[str], now: datetime | None = None
) -> list[Path]:
    """Make what is not there yet, and return what was made; what is there stays as it is.

    `names` are the host names and addresses that units will use for the receiver.

    Raises:
        UsageError: there is no name, or half of a pair is missing.
        FileError: a file cannot be written.
    """
    if not names:
        raise UsageError('cannot make a certificate without a name: --name HOST')
    moment = now or datetime.now(timezone.utc)
    for certificate, key in ((files.ca, files.ca_key), (files.certificate, files.key)):
        if certificate.exists() != key.exists():
            here, missing = (certificate, key) if certificate.exists() else (key, certificate)
            raise UsageError(f'cannot use {here} without {missing}: bring it back, or remove both')
    made: list[Path] = []
    if not files.ca.exists():
        own_key = _write_key(files.ca_key)
        _write_certificate(files.ca, _authority(own_key, moment))
        made += [files.ca_key, files.ca]
    if not files.certificate.exists():
        ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
        ca_key = serialization.load_pem_private_key(files.ca_key.read_bytes(), None)
        if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
            raise UsageError(f'cannot sign with {files.ca_key}: it is no key of an elliptic curve')
        signed = _server(_write_key(files.key), ca, ca_key, names, moment)
        _write_certificate(files.certificate, signed)
        made += [files.key, files.certificate]
    return made


def _write_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_whole(path, text, _SECRET)
    return key


def _write_certificate(path: Path, certificate: x509.Certificate) -> None:
    write_whole(path, certificate.public_bytes(serialization.Encoding.PEM))


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name('juju-health authority')
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, name, key, now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: Sequence[str],
    now: datetime,
) -> x509.Certificate:
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder(_name(names[0][:64]), ca.subject, key, now, _SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(issuer, False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=days))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _alternative(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    try:
        return x509.DNSName(name)
    except ValueError as error:
        raise UsageError(f'cannot make a certificate for {name!r}: {error}') from error
