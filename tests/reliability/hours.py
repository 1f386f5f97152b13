"""Time as the tests have it: nobody waits for it, and what is to happen at a time happens then."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Hours:
    """Time that passes only while somebody sleeps or a test says so; alarms go off on the way."""

    time: float
    alarms: list["Alarm"] = field(default_factory=list)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        end = self.time + seconds
        while due := [alarm for alarm in self.alarms if alarm.at <= end]:
            alarm = min(due, key=lambda one: one.at)
            self.alarms.remove(alarm)
            self.time = max(self.time, alarm.at)
            alarm.ring()
        self.time = max(self.time, end)

    def timer(self, seconds: float, ring: Callable[[], None]) -> "Alarm":
        """In place of `threading.Timer`."""
        return Alarm(self, self.time + seconds, ring)


@dataclass(eq=False, slots=True)
class Alarm:
    """What happens at a time, unless it is cancelled or its process ends before."""

    hours: Hours
    at: float
    ring: Callable[[], None]
    daemon: bool = False

    def start(self) -> None:
        """Count from now on."""
        self.hours.alarms.append(self)

    def cancel(self) -> None:
        """Never mind."""
        if self in self.hours.alarms:
            self.hours.alarms.remove(self)

    def join(self) -> None:
        """It rings in the one thread that there is, and so is over."""
