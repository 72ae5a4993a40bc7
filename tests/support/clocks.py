"""A machine's clocks that a test moves."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from charm.reporting.state_record import Moment

START = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


class Clock:
    """A machine's clocks, which a test moves."""

    def __init__(self) -> None:
        self.wall, self.boot_id, self.boot_seconds = START, 'first', 1000.0

    def __call__(self) -> Moment:
        return Moment(self.wall, self.boot_id, self.boot_seconds)

    def pass_time(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.boot_seconds += seconds

    def jump(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)

    def reboot(self, down_seconds: float = 60.0) -> None:
        self.wall += timedelta(seconds=down_seconds)
        self.boot_id, self.boot_seconds = f'{self.boot_id}+', 5.0
