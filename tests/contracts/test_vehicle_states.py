"""What everybody who shows live vehicle state keeps to."""

import asyncio
from collections.abc import Awaitable, Callable

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.ports import VehicleStates
from mobility.core.vehicle import VehicleState
from tests.fakes.clock import SettableClock
from tests.fakes.stream import stream_pair
from tests.fakes.telemetry_log import MemoryTelemetryLog
from tests.v2x.making import NOON, KeptFrames, hello, identify, sample_at, settled
from v2x.client_frames import batch_frame
from v2x.codec import encode_sample
from v2x.edge.gateway import Gateway

Show = Callable[..., Awaitable[None]]


def run(body: Callable[[VehicleStates, Show], Awaitable[None]]) -> None:
    """Run a test body on a gateway, with a way to let a vehicle take samples at seconds after noon."""

    async def main() -> None:
        clock = SettableClock(Instant(NOON + 3_600_000))
        gateway = Gateway(log=MemoryTelemetryLog(), clock=clock, identify=identify, quarantine=KeptFrames())

        async def show(vehicle: str, *times_s: int, first_seq: int = 1) -> None:
            ours, theirs = stream_pair()
            serving = group.create_task(gateway.serve(theirs))
            await ours.send(hello(vehicle_id=VehicleId(vehicle)))
            for seq, at_s in enumerate(times_s, first_seq):
                sample = sample_at(seq, at=NOON + at_s * 1000, vehicle_id=VehicleId(vehicle))
                await ours.send(batch_frame(sample.boot_id, seq, [encode_sample(sample)]))
            await settled()
            await ours.close()
            await serving

        async with asyncio.TaskGroup() as group:
            await body(gateway, show)

    asyncio.run(main())


def test_before_anybody_is_heard_of_there_is_no_state():
    async def body(states: VehicleStates, _show: Show) -> None:
        assert states.latest() == {}

    run(body)


def test_the_latest_state_is_the_newest_by_event_time_not_by_arrival():
    async def body(states: VehicleStates, show: Show) -> None:
        await show("shuttle-1", 10, 30, 20)
        state = states.latest()[VehicleId("shuttle-1")]
        assert (state.as_of, state.sample.seq) == (NOON + 30_000, 2)
        assert state.received_at == NOON + 3_600_000

    run(body)


def test_a_listener_hears_of_every_step_forward_and_of_no_step_back():
    async def body(states: VehicleStates, show: Show) -> None:
        heard: list[VehicleState] = []
        states.subscribe(heard.append)
        await show("shuttle-1", 10, 30, 20, 40)
        assert [(state.as_of - NOON) // 1000 for state in heard] == [10, 30, 40]

    run(body)


def test_every_listener_hears_the_same_and_finds_it_in_the_latest_state():
    async def body(states: VehicleStates, show: Show) -> None:
        first: list[VehicleState] = []
        second: list[bool] = []
        states.subscribe(first.append)
        states.subscribe(lambda state: second.append(states.latest()[state.vehicle_id] == state))
        await show("shuttle-1", 1, 2)
        assert len(first) == 2
        assert second == [True, True]

    run(body)


def test_state_outlives_the_connection_and_vehicles_are_kept_apart():
    async def body(states: VehicleStates, show: Show) -> None:
        await show("shuttle-1", 50)
        await show("van", 5)
        assert {name: (state.as_of - NOON) // 1000 for name, state in states.latest().items()} == {
            "shuttle-1": 50,
            "van": 5,
        }

    run(body)


def test_what_was_handed_out_does_not_change_afterwards():
    async def body(states: VehicleStates, show: Show) -> None:
        await show("shuttle-1", 1)
        before = states.latest()
        await show("shuttle-1", 2, first_seq=2)
        assert before[VehicleId("shuttle-1")].as_of == NOON + 1000

    run(body)
