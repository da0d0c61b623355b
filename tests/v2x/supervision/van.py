"""A level 4 van as its maker would build it: the reference client, its own modes and requests, a desk for commands."""

from mobility.core.clock import Clock, Instant
from mobility.core.ids import BootId, VehicleId
from mobility.core.ports import FrameStream
from mobility.core.supervision import ManoeuvreKind
from mobility.core.vehicle import DrivingMode, Sample
from tests.v2x.supervision.making import HERE
from v2x.edge.client import (
    CommandDesk,
    CommandMessage,
    Extension,
    ManoeuvreRequest,
    MemoryBuffer,
    Rejected,
    VehicleClient,
)


class Van:
    """Asks, takes commands, and tells everything in samples."""

    def __init__(self, vehicle_id: VehicleId, stream: FrameStream, clock: Clock, keys: dict[str, bytes]) -> None:
        self._clock = clock
        self._stream = stream
        self.desk = CommandDesk(vehicle_id, keys)
        self.client = VehicleClient(
            vehicle_id=vehicle_id,
            boot_id=BootId("b1"),
            token=f"token of {vehicle_id}",
            buffer=MemoryBuffer(),
            connect=self._connect,
            clock=clock,
            on_command=self._take,
        )
        self.vehicle_id = vehicle_id
        self.mode = DrivingMode.AUTOMATED
        self.state_version = 1
        self.request: ManoeuvreRequest | None = None
        self.heard: list[CommandMessage] = []
        self.refused: list[str] = []
        self.executing: str = ""

    async def _connect(self) -> FrameStream:
        return self._stream

    def changes_to(self, mode: DrivingMode) -> None:
        self.mode = mode
        self.state_version += 1

    def asks(self, request_id: str, kind: ManoeuvreKind, text: str) -> None:
        deadline = Instant(self._clock.now() + 60_000)
        self.request = ManoeuvreRequest(request_id=request_id, kind=kind, deadline=deadline, text=text)
        self.state_version += 1

    def tell(self) -> None:
        """Record a sample with everything there is to tell."""
        sample = Sample(
            vehicle_id=self.vehicle_id,
            boot_id=BootId("b1"),
            seq=self.client.next_seq,
            device_time=self._clock.now(),
            place=HERE,
            mode=self.mode,
        )
        extension = Extension(
            manoeuvre=self.request, state_version=self.state_version, command_reports=self.desk.reports()
        )
        self.client.record(sample, extension)

    def executes(self) -> None:
        """Carry out what was accepted: go on as it had planned, or stay."""
        self.desk.executed(self.executing)
        self.changes_to(DrivingMode.AUTOMATED)

    def _take(self, message: CommandMessage) -> None:
        self.heard.append(message)
        outcome = self.desk.take(
            message.body,
            message.signatures,
            now=self.client.gateway_now(),
            mode=self.mode,
            state_version=self.state_version,
            open_request_id=self.request.request_id if self.request is not None else None,
        )
        if isinstance(outcome, Rejected):
            self.refused.append(outcome.rejection)
            return
        self.executing = outcome.body.command_id
        self.request = None
