"""Keeps the full dataset's header young, and tells its age to whoever asks whether the process is ready."""

from dataclasses import replace

from mobility.core.clock import Clock, Instant
from passenger_info.dataset import DatasetKind
from passenger_info.edge.service import PassengerInfo
from passenger_info.feed_age import RENEW_S, FeedAge


class Renewal:
    """Builds the dataset ``all`` every two seconds; in virtual time, where nobody asks for readiness, leave it out."""

    def __init__(self, info: PassengerInfo, clock: Clock) -> None:
        """Begin now: the first five seconds are no fault."""
        self._info = info
        self._clock = clock
        self._age = FeedAge(began=clock.now())

    async def run(self) -> None:
        """Renew until cancelled."""
        while True:
            self.renew()
            await self._clock.sleep(RENEW_S)

    def renew(self) -> None:
        """Build the dataset of now and note the time in its header."""
        rendered = self._info.rendered(DatasetKind.ALL, self._clock.now())
        self._age = replace(self._age, header=Instant(rendered.timestamp_s * 1000))

    def age_s(self) -> float:
        """Return the age of the newest header in seconds."""
        return self._age.age_s(self._clock.now())

    def faults(self) -> list[str]:
        """Return what ``/readyz`` should complain about; empty while all is well."""
        fault = self._age.fault(self._clock.now())
        return [fault] if fault is not None else []
