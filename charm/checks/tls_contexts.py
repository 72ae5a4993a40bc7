"""How we speak TLS: curious, which takes whatever is shown; or careful, which verifies it.

`ssl` is imported within, as it costs a third of our start, which other checks need not pay.
"""

from __future__ import annotations

from pathlib import Path

from ..kernel.errors import CheckError
from ..kernel.hints import TYPE_CHECKING, Optional
from .options import OptionError

if TYPE_CHECKING:
    import ssl

# What OpenSSL can at all, without servers that show no certificate (`aNULL`).
_ANY_CIPHER = 'ALL:COMPLEMENTOFALL:!aNULL:@SECLEVEL=0'
# OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT, which `ssl` names from 3.12 on.
_OLD_RENEGOTIATION = 0x4
# OpenSSL's X509_V_FLAG_PARTIAL_CHAIN, which `ssl` names from 3.10 on.
_PARTIAL_CHAIN = 0x80000


def curious(weak: bool = False) -> ssl.SSLContext:
    """Return a context that trusts anybody, to look at what is shown; nothing is sent over it.

    If `weak` it also takes old protocols, short keys and whatever else OpenSSL here still can.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if weak:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.set_ciphers(_ANY_CIPHER)
        context.options |= _OLD_RENEGOTIATION
    return context


def careful(ca_file: Optional[Path]) -> ssl.SSLContext:
    """Return a context that verifies who is there, by the file's authorities or the system's.

    As curl does, whatever Python's version: an authority need not be a root to be trusted, nor
    keep every rule of RFC 5280. From 3.13 on Python wants the latter of its own.

    Raises:
        CheckError: the file cannot be used.
    """
    import ssl

    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise CheckError(f'cannot use {ca_file}: {error.strerror or error}') from error
    context.verify_flags = ssl.VerifyFlags(
        context.verify_flags & ~ssl.VERIFY_X509_STRICT | _PARTIAL_CHAIN
    )
    return context


def identify(
    context: ssl.SSLContext, cert_file: Optional[Path], key_file: Optional[Path]
) -> ssl.SSLContext:
    """Return the context with the client's certificate, if there is one to show.

    Raises:
        CheckError: certificate or key cannot be used.
    """
    if cert_file is not None:
        try:
            # An empty password, as OpenSSL would ask for one on the terminal.
            context.load_cert_chain(cert_file, key_file, password='')
        except OSError as error:
            files = ' with '.join(str(path) for path in (cert_file, key_file) if path)
            raise CheckError(f'cannot use {files}: {error.strerror or error}') from error
    return context


def require_certificate(cert_file: Optional[Path], key_file: Optional[Path]) -> None:
    """Refuse a key without its certificate.

    Raises:
        OptionError: with the key `key_file`.
    """
    if key_file is not None and cert_file is None:
        raise OptionError('key_file', 'cert_file is missing')
