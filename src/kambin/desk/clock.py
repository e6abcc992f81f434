"""The clock of the machine, for the moment of a confirmation."""

from datetime import UTC, datetime


class SystemClock:
    """Tells the time of this machine."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        # not local time: a case folder may travel to another time zone
        return datetime.now(UTC)
