"""The dispatcher at the telephone comes back in time: to a late bus, and to who did not answer."""

import asyncio
from itertools import pairwise
from types import SimpleNamespace

from mobility.core.clock import Instant
from sim.chance import Chance
from sim.edge.dispatcher import Dispatcher
from sim.edge.loop import run_virtual
from sim.edge.passengers import Passengers
from sim.scenario import Upsets
from tests.sim.stage import VirtualClock

_MINUTE_MS = 60_000


def moment(minute: float) -> str:
    return f"1970-01-01T00:{int(minute):02d}:{round(minute % 1 * 60):02d}+00:00"


class Desk:
    """A server with news for riders and a late bus; writes down when the dispatcher does what."""

    def __init__(self, clock: VirtualClock, news: dict[str, float], late: float | None = None) -> None:
        self.clock, self.news, self.late = clock, news, late
        self.done: list[tuple[str, float]] = []

    def _note(self, what: str) -> None:
        self.done.append((what, self.clock.now() / _MINUTE_MS))

    async def at_risk(self):
        if self.late is None:
            return []
        return [{"vehicle_id": "van-1", "delay_s": 0, "late": [{"latest": moment(self.late)}]}]

    async def tellings(self):
        window = {name: {"earliest": moment(ends - 5), "latest": moment(ends)} for name, ends in self.news.items()}
        new = {"pickup": {"earliest": moment(50), "latest": moment(59)}, "arrival": None}
        return [
            {"reference": name, "news_id": "n", "told": {"pickup": window[name], "arrival": None}, "new": new}
            for name in self.news
        ]

    async def tell(self, reference, attempt, purpose):
        self._note(reference)
        return True

    async def report_disruption(self, body):
        self._note("repair")
        return {}


def worked(minutes: float, news: dict[str, float], late: float | None = None) -> list[tuple[str, float]]:
    async def main():
        clock = VirtualClock(Instant(0))
        desk = Desk(clock, news, late)
        dispatcher = Dispatcher(
            desk,
            region=SimpleNamespace(),
            clock=clock,
            passengers=Passengers(),
            upsets=Upsets(reached_share=0.0),
            chance=Chance(1),
        )
        async with asyncio.TaskGroup() as group:
            work = group.create_task(dispatcher.run([]))
            await clock.sleep(60 * minutes)
            work.cancel()
        return desk.done

    return run_virtual(main())


def gaps(done: list[tuple[str, float]], what: str) -> list[float]:
    times = [minute for name, minute in done if name == what]
    return [after - before for before, after in pairwise(times)]


def test_who_did_not_answer_is_called_again_sooner_while_the_time_they_know_is_still_to_come():
    hurried, patient = worked(20, {"soon": 12.0}), worked(20, {"late": 45.0})
    in_time = [minute for _, minute in hurried if minute <= 12]
    assert len(in_time) >= 3
    assert min(gaps(patient, "late")) >= 5
    assert all(gap >= 5 for gap in gaps([each for each in hurried if each[1] > 12], "soon"))


def test_a_late_bus_is_looked_at_between_two_calls():
    done = worked(12, {f"rider-{n}": 50.0 for n in range(8)}, late=9.0)
    assert [name for name, _ in done[:3]] == ["repair", "rider-0", "rider-1"]
    assert len([1 for name, minute in done if name == "repair" and minute <= 9]) >= 2


def test_a_bus_whose_riders_have_time_is_looked_at_every_five_minutes_and_no_sooner():
    assert min(gaps(worked(20, {}, late=55.0), "repair")) >= 5
