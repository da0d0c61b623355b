"""What a repair proposes: a plan, what it costs, whom it moves and by when they must be told. Codes, no sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dispatch.harm import Harm
from mobility.core.clock import Instant
from mobility.core.events import Event
from mobility.core.ids import BookingId, VehicleId
from mobility.core.plan import DayPlan
from mobility.core.promise import Revision


class Answer(StrEnum):
    """What a proposal is, in one word; its title is a sentence of ``dispatch.repair_texts``."""

    ONLY_TIMES = "only_times"
    """Every ride stays in its vehicle and in its order."""
    LEAST_HARM = "least_harm"
    CHEAPEST = "cheapest"
    RESCUE = "rescue"
    """Another vehicle fetches the riders of a broken one."""
    WITHDRAW = "withdraw"
    """Nobody else is troubled: the rides that are upset are not given."""
    SUBSTITUTE = "substitute"
    """Somebody else drives the shift."""
    DRIVE_ON = "drive_on"
    """Who did not come is left behind."""
    WAIT = "wait"
    """The vehicle waits some more minutes for who did not come."""
    TAKE_ALONG = "take_along"
    """Who came with more than was booked rides as planned."""
    NEXT_VEHICLE = "next_vehicle"
    """Who came with more than was booked is fetched later, by the vehicle with room for it."""


class ReasonCode(StrEnum):
    """What can be said about a proposal; sentences in ``dispatch.repair_texts``."""

    ALL_PROMISES_KEPT = "all_promises_kept"
    LATER = "later"
    """``count`` rides are fetched or brought outside the told time, at worst by ``minutes``."""
    OTHER_VEHICLE = "other_vehicle"
    """``count`` rides change vehicle."""
    FETCHED_BY = "fetched_by"
    """``vehicle`` fetches ``count`` riders aboard at ``time``."""
    STRANDED = "stranded"
    """``count`` rides aboard can not go on: a taxi is needed."""
    NO_VEHICLE_FREE = "no_vehicle_free"
    """``count`` rides fit into no vehicle, not even an hour later."""
    GIVEN_UP = "given_up"
    """``count`` rides are not given, so that nobody else is troubled."""
    STOP_CUT_OFF = "stop_cut_off"
    """No vehicle reaches ``stop``."""
    FITS = "fits"
    FITS_FOLDED = "fits_folded"
    """It fits once ``seats`` seats are folded away."""
    OTHERS_MOVED = "others_moved"
    """``count`` other rides give way."""
    WAITS_FOR = "waits_for"
    """The rider waits for ``vehicle``, which comes at ``time``."""
    RELEASED = "released"
    """The place of who did not come is free."""
    WAITS_MINUTES = "waits_minutes"
    DRIVEN_BY = "driven_by"
    NOTHING_UPSET = "nothing_upset"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing to be said, with its numbers: ``time`` is an instant, ``stop`` and ``vehicle`` are names of ids."""

    code: ReasonCode
    parameters: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A ride whose plan changes by a minute or more, that changes vehicle, or that is not given."""

    booking_id: BookingId
    is_aboard: bool
    from_vehicle: VehicleId
    to_vehicle: VehicleId | None
    """``None`` when the ride ends here: withdrawn, stranded or not there."""
    pickup_before: Instant | None
    """``None`` for riders aboard."""
    pickup_after: Instant | None
    arrival_before: Instant
    arrival_after: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One answer to a disruption. Nothing of it is true until it is published."""

    answer: Answer
    vehicle_id: VehicleId | None
    """The vehicle that helps, where the answer is about one."""
    plan: DayPlan
    """The next version of the day's plan."""
    cost_before_ms: int
    """What was still to be driven before the disruption: driving, waiting and a tenth of riding."""
    cost_after_ms: int
    harm: Harm
    affected: tuple[Affected, ...]
    revisions: tuple[Revision, ...]
    """One for each ride whose riders have to be told, with ``tell_by``, the most urgent first."""
    lapsed: tuple[BookingId, ...]
    """Rides whose untold news need not be told any more."""
    withdrawn: tuple[BookingId, ...]
    stranded: tuple[BookingId, ...]
    reasons: tuple[Reason, ...]
    facts: tuple[Event, ...] = ()
    """Facts of the disruption itself that belong into the same commit: a no-show, a changed load."""

    @property
    def name(self) -> str:
        """What tells it apart from the others of the same draft, e.g. ``rescue:bus-2``."""
        return self.answer if self.vehicle_id is None else f"{self.answer}:{self.vehicle_id}"
