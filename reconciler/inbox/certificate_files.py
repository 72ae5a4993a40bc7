"""Where the certificates of the receiver are; `certificates` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CertificateFiles:
    """The files of the authority and of the receiver's certificate, in PEM, in one directory."""

    directory: Path

    @property
    def ca(self) -> Path:
        """The authority's certificate, which units are given."""
        return self.directory / 'ca.pem'

    @property
    def ca_key(self) -> Path:
        """The authority's key."""
        return self.directory / 'ca.key'

    @property
    def certificate(self) -> Path:
        """The receiver's certificate."""
        return self.directory / 'cert.pem'

    @property
    def key(self) -> Path:
        """The receiver's key."""
        return self.directory / 'key.pem'
