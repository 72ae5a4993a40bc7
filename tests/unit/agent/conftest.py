"""What several of these tests need."""

from __future__ import annotations

import pytest

from .tls import Certificates, make_certificates


@pytest.fixture(scope='session')
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Return certificates for localhost."""
    return make_certificates(tmp_path_factory.mktemp('tls'))
