"""The table of rules: which id is which function, and which rules we do not check and why."""

from collections.abc import Mapping, Sequence

from passenger_info.checker import alert_rules as alerts
from passenger_info.checker import message_rules as messages
from passenger_info.checker import relationship_rules as relationships
from passenger_info.checker import shape_rules as shapes
from passenger_info.checker import stop_rules as stops
from passenger_info.checker import text_rules as texts
from passenger_info.checker import time_rules as times
from passenger_info.checker import trip_rules as trips
from passenger_info.checker import vehicle_rules as vehicles
from passenger_info.checker.case import AlertRule, ShapeRule, UpdateRule, VehicleRule
from passenger_info.checker.message_rules import MessageRule
from passenger_info.checker.text_rules import TextRule
from passenger_info.checker.trip_rules import TripRule

TRIP_RULES: Sequence[tuple[str, TripRule]] = (
    ("E004", trips.unknown_route),
    ("E016", trips.added_trip_exists),
    ("E023", trips.other_first_arrival),
    ("E024", trips.other_direction),
    ("E035", trips.trip_of_other_route),
    ("S023", trips.modified_and_plain),
)
"""Of the trip descriptor of an update or a position."""

HEADWAY_RULES: Sequence[tuple[str, TripRule]] = (
    ("E006", trips.headway_trip_without_start),
    ("E013", trips.headway_trip_not_unscheduled),
    ("E019", trips.start_off_headway),
)
"""The same, where the static feed has trips by headway."""

UPDATE_RULES: Sequence[tuple[str, UpdateRule]] = (
    ("E001", times.update_not_posix),
    ("E003", trips.update_of_unknown_trip),
    ("E011", stops.update_of_unknown_stop),
    ("E012", times.update_after_header),
    ("E015", stops.update_of_station),
    ("E020", times.update_start_time),
    ("E021", times.update_start_date),
    ("E041", stops.update_without_calls),
    ("E045", stops.other_stop),
    ("E050", times.update_ahead),
    ("E051", stops.unknown_sequence),
    ("S010", relationships.scheduled_calls_of_unscheduled_trip),
    ("S013", relationships.duplicate_without_properties),
    ("S014", relationships.properties_of_no_duplicate),
    ("S015", relationships.duplicate_takes_known_id),
)
"""Of a trip update."""

CALL_RULES: Sequence[tuple[str, UpdateRule]] = (
    ("E001", times.call_not_posix),
    ("E002", stops.calls_not_sorted),
    ("E009", stops.sequence_missing_on_loop),
    ("E022", times.times_not_rising),
    ("E025", times.leaves_before_arriving),
    ("E036", stops.sequence_repeated),
    ("E037", stops.stop_repeated),
    ("E040", stops.call_without_stop),
    ("E042", stops.times_without_data),
    ("E043", stops.call_without_times),
    ("E044", stops.event_without_time),
    ("E046", stops.delay_of_nothing),
    ("S004", relationships.own_schedule_forbidden),
    ("S006", relationships.one_time_of_two),
    ("S009", relationships.unscheduled_calls_of_scheduled_trip),
    ("S011", relationships.other_assigned_stop),
    ("S012", relationships.unknown_assigned_stop),
    ("S018", relationships.stop_missing_without_trip),
    ("S019", relationships.time_missing_without_trip),
)
"""Of a trip update too; none of them finds anything where all calls are plain, see ``passenger_info.checker.plain``."""

VEHICLE_RULES: Sequence[tuple[str, VehicleRule]] = (
    ("E001", times.vehicle_not_posix),
    ("E003", trips.vehicle_on_unknown_trip),
    ("E011", stops.vehicle_at_unknown_stop),
    ("E012", times.vehicle_after_header),
    ("E015", stops.vehicle_at_station),
    ("E020", times.vehicle_start_time),
    ("E021", times.vehicle_start_date),
    ("E026", vehicles.no_place_on_earth),
    ("E027", vehicles.no_bearing),
    ("E028", vehicles.outside_coverage),
    ("E029", vehicles.far_from_shape),
    ("E050", times.vehicle_ahead),
    ("S052", vehicles.carriages_not_counted),
)
"""Of a vehicle position."""

ALERT_RULES: Sequence[tuple[str, AlertRule]] = (
    ("E001", alerts.period_not_posix),
    ("E011", alerts.alert_for_unknown_stop),
    ("E030", alerts.selected_trip_of_other_route),
    ("E031", alerts.selector_names_two_routes),
    ("E032", alerts.alert_for_nobody),
    ("E033", alerts.selector_of_nothing),
    ("E034", alerts.unknown_agency),
    ("E035", alerts.alert_trip_of_other_route),
    ("S023", alerts.alert_modified_and_plain),
    ("S026", alerts.impact_not_communicated),
    ("S027", alerts.cause_detail_alone),
    ("S028", alerts.effect_detail_alone),
    ("S030", alerts.direction_without_route),
)
"""Of an alert."""

TEXT_RULES: Sequence[tuple[str, TextRule]] = (
    ("S031", texts.text_without_translation),
    ("S032", texts.texts_without_language),
)
"""Of the texts of an alert or a stop."""

SHAPE_RULES: Sequence[tuple[str, ShapeRule]] = (
    ("S037", shapes.shape_without_id),
    ("S038", shapes.shape_takes_known_id),
    ("S039", shapes.shape_without_line),
    ("S040", shapes.line_too_short),
)
"""Of a shape."""

MESSAGE_RULES: Sequence[tuple[str, MessageRule]] = (
    ("E001", messages.header_not_posix),
    ("E017", messages.same_stamp_for_other_content),
    ("E018", messages.stamp_went_back),
    ("E038", messages.unknown_version),
    ("E039", messages.deleted_in_full_dataset),
    ("E047", messages.vehicle_and_trip_disagree),
    ("E048", messages.stamp_missing),
    ("E049", messages.incrementality_missing),
    ("E050", messages.header_ahead),
    ("E052", messages.vehicle_repeated),
    ("S003", messages.trip_told_twice),
    ("S020", messages.duplicate_of_nothing),
)
"""Of a message as a whole."""

PAYLOAD_RULE = "S001"
"""An entity has exactly one content, unless it is deleted."""

RULE_IDS: tuple[str, ...] = tuple(
    sorted(
        {
            PAYLOAD_RULE,
            *(rule_id for rule_id, _ in TRIP_RULES),
            *(rule_id for rule_id, _ in HEADWAY_RULES),
            *(rule_id for rule_id, _ in UPDATE_RULES),
            *(rule_id for rule_id, _ in CALL_RULES),
            *(rule_id for rule_id, _ in VEHICLE_RULES),
            *(rule_id for rule_id, _ in ALERT_RULES),
            *(rule_id for rule_id, _ in TEXT_RULES),
            *(rule_id for rule_id, _ in SHAPE_RULES),
            *(rule_id for rule_id, _ in MESSAGE_RULES),
        }
    )
)
"""Every rule we check."""

_IMAGES = "we send no images"
_MODIFICATIONS = "we send no trip modifications: a detour is a REPLACEMENT"
NOT_CHECKED: Mapping[str, str] = {
    "E010": "the id exists, but no validator runs a rule of it",
    "S033": _IMAGES,
    "S034": _IMAGES,
    "S035": _IMAGES,
    **dict.fromkeys(("S041", "S042", "S043", "S045", "S047", "S048", "S050"), _MODIFICATIONS),
}
"""Error rules we do not check, and why."""
