"""Technical supervision (StVG §1f): what a vehicle asks, what a supervisor commands, alarms, recorded occasions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mobility.core.clock import Instant
from mobility.core.geo import LatLon
from mobility.core.ids import AlarmId, BootId, CommandId, HazardId, ManoeuvreId, OccasionId, VehicleId
from mobility.core.vehicle import DrivingMode


class ManoeuvreKind(StrEnum):
    """Why an automated vehicle asks before it goes on."""

    PASS_OBSTACLE = "pass_obstacle"  # noqa: S105 - the name of a manoeuvre
    """Something stands in its lane; it has planned a way around."""
    CROSS_SOLID_LINE = "cross_solid_line"
    REVERSE = "reverse"
    UNCLEAR_RIGHT_OF_WAY = "unclear_right_of_way"
    RESUME_FROM_MINIMAL_RISK = "resume_from_minimal_risk"
    """It stands in the minimal-risk condition and could go on (AFGBV §14(3))."""


class ManoeuvreOutcome(StrEnum):
    """How a request ended."""

    OPEN = "open"
    RELEASED = "released"
    REFUSED = "refused"
    EXPIRED = "expired"
    """Nobody decided by the deadline: the vehicle stays as it is."""
    WITHDRAWN = "withdrawn"
    """The vehicle asks no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manoeuvre:
    """A vehicle's request for a decision. The vehicle plans and drives; the supervisor releases or refuses."""

    manoeuvre_id: ManoeuvreId
    vehicle_id: VehicleId
    kind: ManoeuvreKind
    text: str
    """What the vehicle sees, in the words of its maker; may be empty."""
    place: LatLon
    mode: DrivingMode
    """The vehicle's mode when it asked."""
    state_version: int
    """The vehicle's state version when it asked; a command names it as its precondition."""
    boot_id: BootId
    asked_at: Instant
    deadline: Instant
    outcome: ManoeuvreOutcome = ManoeuvreOutcome.OPEN


class CommandAction(StrEnum):
    """All a supervisor can command. None of them steers, accelerates or brakes: there is no remote driving."""

    RELEASE_MANOEUVRE = "release_manoeuvre"
    REFUSE_MANOEUVRE = "refuse_manoeuvre"
    STOP_AT_NEXT_SAFE_PLACE = "stop_at_next_safe_place"
    DEACTIVATE = "deactivate"
    """Switch the automated driving function off (StVG §1f(2) no. 2)."""
    PROPOSE_ROUTE = "propose_route"
    OPEN_SUPPORT_CALL = "open_support_call"
    ANNOUNCE = "announce"
    """Say something to the passengers."""


class CommandState(StrEnum):
    """Where a command stands; the last three are the vehicle's words."""

    PROPOSED = "proposed"
    """Waits for a second approver."""
    ISSUED = "issued"
    """Signed and on its way."""
    RECEIVED = "received"
    ACCEPTED = "accepted"
    EXECUTED = "executed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    """Nothing was heard of it until it lost its force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command. What it says to the vehicle is signed bytes; this is what the ledger and people know."""

    command_id: CommandId
    vehicle_id: VehicleId
    action: CommandAction
    issuer: str
    """Who commanded, as an actor of the ledger: ``supervisor:<fingerprint of the token>``."""
    reason: str
    manoeuvre_id: ManoeuvreId | None = None
    approver: str | None = None
    """The second person, where the policy asks for one."""
    cause: str = ""
    """Leaving the minimal-risk condition: what caused it (AFGBV §14(3)). Documented, not optional there."""
    necessity: str = ""
    """Leaving the minimal-risk condition: why it was necessary to go on (AFGBV §14(3))."""
    text: str = ""
    """What to announce."""
    route: tuple[LatLon, ...] = ()
    """The route to propose."""
    expected_mode: DrivingMode = DrivingMode.UNKNOWN
    """Precondition: the vehicle's mode as the supervisor saw it; ``UNKNOWN`` for any."""
    expected_state_version: int | None = None
    """Precondition: the vehicle's state version as the supervisor saw it; ``None`` for any."""
    state: CommandState = CommandState.PROPOSED
    state_reason: str = ""
    """What the vehicle said with its last state."""
    counter: int = 0
    """Rises with every command issued to the vehicle; 0 before it is issued."""
    issued_at: Instant | None = None
    expires_at: Instant | None = None


class OccasionKind(StrEnum):
    """The occasions on which the recorder keeps data (StVG §1g(2))."""

    INTERVENTION = "intervention"
    """Technical supervision intervened."""
    CONFLICT = "conflict"
    """A conflict scene: accident or near accident."""
    EVASION = "evasion"
    """Unplanned lane change or evasion."""
    DISTURBANCE = "disturbance"
    """Disturbance of operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One event of the recorder; its data are the samples from 10 s before to 10 s after ``at``."""

    occasion_id: OccasionId
    vehicle_id: VehicleId
    kind: OccasionKind
    at: Instant
    """Event time."""
    source: str
    """Who noted it: ``vehicle``, ``supervision`` or the name of a rule."""
    detail: str = ""
    is_accident: bool = False
    """An accident is kept longer."""


class AlarmKind(StrEnum):
    """What the operator is called for."""

    LINK_LOST = "link_lost"
    RECORDER_GAP = "recorder_gap"
    """A data item of §1g is missing."""
    MANOEUVRE_WAITS = "manoeuvre_waits"
    IMPOSSIBLE_MODE_CHANGE = "impossible_mode_change"
    MINIMAL_RISK = "minimal_risk"
    """A vehicle stands in the minimal-risk condition."""
    FORGED_BYTES = "forged_bytes"
    """Other bytes under a sequence number that is kept already."""
    SOLVER_LOST = "solver_lost"
    """The planner's worker died or hung; the last published plan stands."""
    PROMISE_AT_RISK = "promise_at_risk"
    """A vehicle will come later than riders were told, as far as is known now."""
    REVISION_UNTOLD = "revision_untold"
    """A rider should have been told news by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person should look at now; it stands until it is cleared."""

    alarm_id: AlarmId
    kind: AlarmKind
    vehicle_id: VehicleId | None
    """``None`` where it is about no vehicle."""
    raised_at: Instant
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazard:
    """A hazard on the road, as a DENM tells it."""

    hazard_id: HazardId
    cause_code: int
    """``CauseCodeType`` of EN 302 637-3, raw."""
    sub_cause_code: int
    place: LatLon
    detected_at: Instant
    valid_until: Instant
    reported_by: str
    """Station id of the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervised:
    """What the ledger's snapshot knows of technical supervision."""

    manoeuvres: Mapping[ManoeuvreId, Manoeuvre] = field(default_factory=dict)
    commands: Mapping[CommandId, Command] = field(default_factory=dict)
    counters: Mapping[VehicleId, int] = field(default_factory=dict)
    """Counter of the newest command issued to each vehicle."""
    occasions: Mapping[OccasionId, Occasion] = field(default_factory=dict)
    alarms: Mapping[AlarmId, Alarm] = field(default_factory=dict)
    """Alarms that stand."""
    hazards: Mapping[HazardId, Hazard] = field(default_factory=dict)
    """Hazards that were not cancelled; ``valid_until`` may have passed."""
