"""A refusal is a value: a code and parameters. The sentences stand in each room's ``wording.py``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RefusalCode(StrEnum):
    """Every reason this project refuses something a person asked for."""

    # booking
    IN_THE_PAST = "in_the_past"
    TOO_LATE_TO_BOOK = "too_late_to_book"
    TOO_FAR_AHEAD = "too_far_ahead"
    OUTSIDE_AREA = "outside_area"
    OUTSIDE_HOURS = "outside_hours"
    NO_SERVICE_ON_DAY = "no_service_on_day"
    SAME_STOP = "same_stop"
    TOO_SHORT = "too_short"
    PARTY_TOO_LARGE = "party_too_large"
    NO_WHEELCHAIR_PLACE = "no_wheelchair_place"
    NO_SEAT_LEFT = "no_seat_left"
    NO_VEHICLE_IN_TIME = "no_vehicle_in_time"
    RIDE_TOO_LONG = "ride_too_long"
    SHIFT_ENDS = "shift_ends"
    LINE_BUS_RUNS = "line_bus_runs"
    OFFER_EXPIRED = "offer_expired"
    PLAN_CHANGED = "plan_changed"
    # booking life cycle
    UNKNOWN_BOOKING = "unknown_booking"
    WRONG_STATE = "wrong_state"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    # operation
    UNKNOWN_TRIP = "unknown_trip"
    UNKNOWN_CONNECTION = "unknown_connection"
    UNKNOWN_VEHICLE = "unknown_vehicle"
    UNKNOWN_STOP = "unknown_stop"
    BEYOND_HOLD_LIMIT = "beyond_hold_limit"
    INVALID_INPUT = "invalid_input"
    READ_ONLY = "read_only"
    # supervision
    UNKNOWN_MANOEUVRE = "unknown_manoeuvre"
    MANOEUVRE_CLOSED = "manoeuvre_closed"
    DECISION_UNDER_WAY = "decision_under_way"
    CAUSE_NEEDED = "cause_needed"
    NOT_FOR_THIS_VEHICLE = "not_for_this_vehicle"
    VEHICLE_NOT_CONNECTED = "vehicle_not_connected"
    UNKNOWN_COMMAND = "unknown_command"
    NOT_WAITING_FOR_APPROVAL = "not_waiting_for_approval"
    SAME_PERSON = "same_person"
    NOT_YOUR_ROLE = "not_your_role"
    UNKNOWN_OCCASION = "unknown_occasion"
    # dispatch
    NO_PRAM_PLACE = "no_pram_place"
    NO_LUGGAGE_ROOM = "no_luggage_room"
    DRIVEN_TOO_LONG = "driven_too_long"
    BREAK_DUE = "break_due"
    BATTERY_TOO_LOW = "battery_too_low"
    NO_STOP_NEAR = "no_stop_near"
    WAY_CLOSED = "way_closed"
    ALREADY_TOLD = "already_told"
    NEWS_CHANGED = "news_changed"
    NO_TRANSFER = "no_transfer"
    HOLD_BREAKS_PROMISES = "hold_breaks_promises"
    UNKNOWN_DISRUPTION = "unknown_disruption"
    UNKNOWN_DRAFT = "unknown_draft"
    NOTHING_TO_UNDO = "nothing_to_undo"
    WITHDRAWN_FOR_GOOD = "withdrawn_for_good"
    ALREADY_HAPPENED = "already_happened"
    UNDO_BREAKS_PROMISES = "undo_breaks_promises"
    # roster
    NOBODY_ON_THE_LIST = "nobody_on_the_list"
    NOT_THEIR_TASK = "not_their_task"
    LICENCE_EXPIRED = "licence_expired"
    MEDICAL_EXPIRED = "medical_expired"
    SAID_NO_TO_DAY = "said_no_to_day"
    SAID_NO_TO_GROUP = "said_no_to_group"
    SAID_NO_TO_HOURS = "said_no_to_hours"
    HAS_OTHER_DUTY = "has_other_duty"
    WEEK_IS_FULL = "week_is_full"
    PERIOD_IS_FULL = "period_is_full"
    MUST_BE_APART = "must_be_apart"
    UNKNOWN_DUTY = "unknown_duty"
    UNKNOWN_VOLUNTEER = "unknown_volunteer"
    UNKNOWN_ROSTER = "unknown_roster"
    ROSTER_CHANGED = "roster_changed"
    DUTY_IS_OPEN = "duty_is_open"
    # passenger information
    UNKNOWN_TOPIC = "unknown_topic"
    TOO_MANY_TOPICS = "too_many_topics"
    TOO_MANY_READERS = "too_many_readers"
    UNKNOWN_PROFILE = "unknown_profile"
    UNKNOWN_ROUTE = "unknown_route"
    UNKNOWN_ALERT = "unknown_alert"
    ALERT_WITHDRAWN = "alert_withdrawn"
    ALERT_NEEDS_GERMAN = "alert_needs_german"
    ALERT_NAMES_NOTHING = "alert_names_nothing"
    PERIOD_BACKWARDS = "period_backwards"
    PERIOD_OVER = "period_over"
    IMPACT_UNSEEN = "impact_unseen"
    REASON_NEEDED = "reason_needed"
    TRIP_NOT_ON_DAY = "trip_not_on_day"
    # line service
    NO_TRIP_NAMED = "no_trip_named"
    TRIP_OVER = "trip_over"
    TRIP_RUNS_NOW = "trip_runs_now"
    ALREADY_CANCELLED = "already_cancelled"
    NOT_CANCELLED = "not_cancelled"
    ALREADY_CHANGED = "already_changed"
    ALREADY_PASSED = "already_passed"
    STOP_NOT_ON_TRIP = "stop_not_on_trip"
    DETOUR_BACKWARDS = "detour_backwards"
    DETOUR_TOO_FAST = "detour_too_fast"
    DETOUR_APART = "detour_apart"
    NO_WAY = "no_way"
    TOO_FEW_STOPS = "too_few_stops"
    EXTRA_TRIP_EXISTS = "extra_trip_exists"
    EXTRA_TRIP_CHANGED = "extra_trip_changed"
    VEHICLE_ELSEWHERE = "vehicle_elsewhere"
    SWAP_WITH_ITSELF = "swap_with_itself"
    SWAP_OF_OTHERS = "swap_of_others"
    NOTHING_TO_SWAP = "nothing_to_swap"
    VEHICLE_OUT = "vehicle_out"
    NOT_FOR_LINES = "not_for_lines"
    NO_RAMP = "no_ramp"
    UNKNOWN_CHANGE = "unknown_change"
    OLDER_REPORT = "older_report"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done. ``parameters`` fill the sentence: plain numbers and names with units in the key."""

    code: RefusalCode
    parameters: Mapping[str, str | int | float] = field(default_factory=dict)

    def told(self, template: str) -> str:
        """Return a sentence with its gaps filled; where a parameter is missing ``…`` stays, for it must never fail."""
        return template.format_map(_Gaps(self.parameters))


class _Gaps(dict[str, str | int | float]):
    def __missing__(self, key: str) -> str:
        return "…"
