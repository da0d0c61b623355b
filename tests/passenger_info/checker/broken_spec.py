"""Messages that break one rule of the specification each; and, with them, those of all rules."""

from tests.passenger_info.checker.broken import KNOWN, alert, breaks, calls, shape, update, vehicle
from tests.passenger_info.checker.small_feed import NOW_S, Call, Message, TripDescriptor, add_update
from tests.passenger_info.day import OUT


@breaks("S001")
def an_entity_without_content(m: Message) -> None:
    m.entity.add(id="empty")


@breaks("S003")
def a_trip_told_twice(m: Message) -> None:
    add_update(m, "D2", OUT[::-1])
    m.entity[-1].id = "trip:again"


@breaks("S004")
def a_schedule_of_its_own(m: Message) -> None:
    calls(m)[1].arrival.scheduled_time = calls(m)[1].arrival.time


@breaks("S006")
def one_time_of_two(m: Message) -> None:
    calls(m)[1].ClearField("departure")


@breaks("S009")
def an_unscheduled_call_of_a_scheduled_trip(m: Message) -> None:
    calls(m)[1].schedule_relationship = Call.UNSCHEDULED


@breaks("S010")
def a_scheduled_call_of_an_unscheduled_trip(m: Message) -> None:
    update(m).trip.schedule_relationship = TripDescriptor.UNSCHEDULED


@breaks("S011")
def two_stops_in_one_call(m: Message) -> None:
    calls(m)[1].stop_time_properties.assigned_stop_id = "north"


@breaks("S012")
def assigned_to_a_stop_nobody_knows(m: Message) -> None:
    calls(m)[1].stop_time_properties.assigned_stop_id = "ghost"


@breaks("S013")
def a_duplicate_that_does_not_say_when(m: Message) -> None:
    update(m).trip.schedule_relationship = TripDescriptor.DUPLICATED
    update(m).trip_properties.trip_id = "D1+0805"


@breaks("S014")
def a_new_date_of_a_trip_that_is_no_duplicate(m: Message) -> None:
    update(m).trip_properties.start_date = "20251015"


@breaks("S015")
def a_duplicate_with_the_name_of_another(m: Message) -> None:
    update(m).trip.schedule_relationship = TripDescriptor.DUPLICATED
    properties = update(m).trip_properties
    properties.trip_id, properties.start_date, properties.start_time = "D2", "20251014", "08:05:00"


@breaks("S018")
def a_call_of_a_line_without_stop(m: Message) -> None:
    update(m).trip.ClearField("trip_id")
    calls(m)[0].ClearField("stop_id")


@breaks("S019")
def a_delay_of_a_line(m: Message) -> None:
    update(m).trip.ClearField("trip_id")
    calls(m)[0].departure.ClearField("time")


@breaks("S020")
def a_vehicle_on_a_duplicate_nobody_made(m: Message) -> None:
    vehicle(m).trip.schedule_relationship = TripDescriptor.DUPLICATED


@breaks("S023")
def a_modified_trip_with_a_plain_name(m: Message) -> None:
    update(m).trip.modified_trip.modifications_id = "m1"


@breaks("S026")
def an_effect_that_is_not_told(m: Message) -> None:
    alert(m).impact_period[0].end = NOW_S + 9000


@breaks("S027")
def the_detail_of_no_cause(m: Message) -> None:
    alert(m).ClearField("cause")
    alert(m).cause_detail.translation.add(text="Schnee", language="de")


@breaks("S028")
def the_detail_of_no_effect(m: Message) -> None:
    alert(m).ClearField("effect")
    alert(m).effect_detail.translation.add(text="fällt aus", language="de")


@breaks("S030")
def a_direction_of_no_line(m: Message) -> None:
    alert(m).informed_entity.add(stop_id="market", direction_id=1)


@breaks("S031")
def a_text_in_no_language(m: Message) -> None:
    alert(m).url.SetInParent()


@breaks("S032")
def two_texts_without_language(m: Message) -> None:
    for translation in alert(m).header_text.translation:
        translation.ClearField("language")


@breaks("S037")
def a_line_without_name(m: Message) -> None:
    shape(m).ClearField("shape_id")


@breaks("S038")
def a_line_with_the_name_of_another(m: Message) -> None:
    shape(m).shape_id = "shape-1"


@breaks("S039")
def a_name_without_line(m: Message) -> None:
    shape(m).ClearField("encoded_polyline")


@breaks("S040")
def a_line_of_one_point(m: Message) -> None:
    shape(m).encoded_polyline = "_p~iF~ps|U"


@breaks("S052")
def carriages_from_behind(m: Message) -> None:
    for sequence in (2, 1):
        vehicle(m).multi_carriage_details.add(id=f"c{sequence}", carriage_sequence=sequence)


BREAKS = dict(KNOWN)
"""By rule: those of ``broken`` and those above."""
