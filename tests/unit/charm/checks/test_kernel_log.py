"""The kernel's log: what is recent, and what is no record."""

from __future__ import annotations

from pathlib import Path

import pytest

from charm.checks.kernel_log import KERNEL_LOG, read_recent


def test_only_what_is_recent_is_read(tmp_path: Path) -> None:
    log = tmp_path / 'kmsg'
    log.write_text(
        '6,1,1000000,-;long ago\n'
        '3,2,95000000,-;of late; and more\n SUBSYSTEM=block\n'
        'nonsense;x\n6,3,99000000,c;last \udcff\n'.encode('utf-8', 'surrogateescape').decode(
            'latin-1'
        )
    )
    lines = read_recent(10, log, now=lambda: 100.0)
    assert [(line.age_seconds, line.text[:8]) for line in lines] == [
        (5, 'of late;'),
        (1, 'last ÿ'),
    ]


def test_a_record_from_ahead_of_our_clock_is_new(tmp_path: Path) -> None:
    log = tmp_path / 'kmsg'
    log.write_text('6,1,200000000,-;x\n')
    assert read_recent(10, log, now=lambda: 100.0)[0].age_seconds == 0


def test_a_log_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_recent(10, tmp_path / 'none')


def test_the_real_log_is_read_to_its_end_or_refused() -> None:
    try:
        KERNEL_LOG.write_text('juju-health looks whether it is read\n')
    except OSError:
        with pytest.raises(OSError, match='kmsg'):
            read_recent(60)
    else:
        assert any('juju-health looks' in line.text for line in read_recent(60))
