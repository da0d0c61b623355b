"""A simulated vehicle under technical supervision: what it asks, which commands it obeys, what it reports back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mobility.core.clock import Clock, Instant
from mobility.core.ids import VehicleId
from mobility.core.supervision import CommandAction, ManoeuvreKind
from mobility.core.vehicle import DrivingMode
from v2x.edge.client import CommandDesk, CommandMessage, CommandReport, ManoeuvreRequest, Rejected

_DECISIONS = frozenset({CommandAction.RELEASE_MANOEUVRE, CommandAction.REFUSE_MANOEUVRE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A command that the vehicle accepted."""

    command_id: str
    action: CommandAction


class Supervised:
    """Asks, and obeys whom it may obey."""

    def __init__(self, vehicle_id: VehicleId, keys: Mapping[str, bytes], clock: Clock) -> None:
        """Obey who signs with one of the public ``keys``; without any, nobody."""
        self._desk = CommandDesk(vehicle_id, keys)
        self._clock = clock
        self._asked = 0
        self._mode = DrivingMode.UNKNOWN
        self.request: ManoeuvreRequest | None = None
        """What the vehicle asks at the moment."""
        self.order: Order | None = None
        """The decision about it."""
        self.state_version = 0
        self.gateway_now: Callable[[], Instant] = clock.now
        """The gateway's time as the vehicle knows it; commands expire by it."""
        self.released = 0
        self.refused = 0
        self.unanswered = 0
        self.rejected = 0
        """Commands that were not obeyed."""

    @property
    def is_asking_possible(self) -> bool:
        """Whether the vehicle drives by itself, or stands in the minimal-risk condition."""
        return self._mode in {DrivingMode.AUTOMATED, DrivingMode.MINIMAL_RISK}

    def drives(self, mode: DrivingMode) -> None:
        """Take note of who drives."""
        if mode is not self._mode:
            self._mode = mode
            self.state_version += 1

    def take_reports(self) -> tuple[CommandReport, ...]:
        """Return the reports for the next sample; each is handed out once."""
        return self._desk.reports()

    def ask(self, kind: ManoeuvreKind, text: str, *, deadline: Instant) -> None:
        """Ask for a decision; ``order`` holds it once it came."""
        self._asked += 1
        self.state_version += 1
        request_id = f"{self._clock.now()}-{self._asked}"
        self.request = ManoeuvreRequest(request_id=request_id, kind=kind, deadline=deadline, text=text)
        self.order = None

    def stop_asking(self) -> Order | None:
        """Ask no more; return what was decided, ``None`` for nothing."""
        order, self.order, self.request = self.order, None, None
        self.state_version += 1
        if order is None:
            self.unanswered += 1
        elif order.action is CommandAction.RELEASE_MANOEUVRE:
            self.released += 1
        else:
            self.refused += 1
        return order

    def executed(self, order: Order) -> None:
        """Report that an order was carried out."""
        self._desk.executed(order.command_id)

    def on_command(self, message: CommandMessage) -> None:
        """Take a command as it arrived."""
        outcome = self._desk.take(
            message.body,
            message.signatures,
            now=self.gateway_now(),
            mode=self._mode,
            state_version=self.state_version,
            open_request_id=self.request.request_id if self.request is not None else None,
        )
        if isinstance(outcome, Rejected):
            self.rejected += 1
            return
        order = Order(command_id=outcome.body.command_id, action=outcome.body.action)
        if order.action in _DECISIONS:
            self.order = order
        else:
            # A call, an announcement, a stop: nothing of it is simulated beyond the vehicle's word.
            self.executed(order)
