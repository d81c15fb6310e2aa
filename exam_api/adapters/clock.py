"""The server's clock, which alone counts (a tampered client clock changes nothing)."""

from datetime import UTC, datetime


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)
