"""Messages that break one error rule each: what is done to a good one, by rule."""

from collections.abc import Callable

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from tests.passenger_info.checker.small_feed import (
    NOW_S,
    Call,
    Message,
    TripDescriptor,
    add_position,
)

Break = Callable[[Message], None]
READ_S = NOW_S + 2
KNOWN: dict[str, Break] = {}


def breaks(rule_id: str) -> Callable[[Break], Break]:
    def known(broken: Break) -> Break:
        assert rule_id not in KNOWN
        KNOWN[rule_id] = broken
        return broken

    return known


def update(m: Message) -> gtfs_realtime.TripUpdate:
    return m.entity[0].trip_update


def calls(m: Message):
    return update(m).stop_time_update


def vehicle(m: Message) -> gtfs_realtime.VehiclePosition:
    return m.entity[2].vehicle


def alert(m: Message) -> gtfs_realtime.Alert:
    return m.entity[4].alert


def shape(m: Message) -> gtfs_realtime.Shape:
    return m.entity[5].shape


def become(m: Message, trip_id: str) -> TripDescriptor:
    """Let the updated trip be another one, without a vehicle on it."""
    del m.entity[2]
    update(m).vehicle.Clear()
    trip = update(m).trip
    trip.trip_id = trip_id
    return trip


@breaks("E001")
def milliseconds(m: Message) -> None:
    calls(m)[3].arrival.time *= 1000
    calls(m)[3].departure.time *= 1000


@breaks("E002")
def calls_swapped(m: Message) -> None:
    calls(m).reverse()


@breaks("E003")
def a_trip_nobody_knows(m: Message) -> None:
    become(m, "ghost")


@breaks("E004")
def a_route_nobody_knows(m: Message) -> None:
    vehicle(m).trip.route_id = "ghost"


@breaks("E006")
def a_headway_trip_without_time(m: Message) -> None:
    become(m, "OFTEN")


@breaks("E009")
def a_loop_without_sequence(m: Message) -> None:
    become(m, "LOOP")
    for call in calls(m):
        call.ClearField("stop_sequence")


@breaks("E011")
def a_stop_nobody_knows(m: Message) -> None:
    vehicle(m).stop_id = "ghost"


@breaks("E012")
def an_update_newer_than_its_feed(m: Message) -> None:
    update(m).timestamp = NOW_S + 1


@breaks("E013")
def a_headway_trip_that_is_scheduled(m: Message) -> None:
    become(m, "OFTEN").start_time = "08:00:00"


@breaks("E015")
def a_call_at_a_station(m: Message) -> None:
    vehicle(m).stop_id = "hub"


@breaks("E016")
def a_known_trip_that_is_added(m: Message) -> None:
    update(m).trip.schedule_relationship = TripDescriptor.ADDED


@breaks("E017")
def the_same_second_for_something_else(m: Message) -> None:
    m.header.timestamp = NOW_S - 2
    update(m).timestamp -= 1
    vehicle(m).timestamp = NOW_S - 2


@breaks("E018")
def a_header_that_goes_back(m: Message) -> None:
    m.header.timestamp = NOW_S - 3
    vehicle(m).timestamp = NOW_S - 3


@breaks("E019")
def a_start_beside_the_headway(m: Message) -> None:
    become(m, "EXACT").start_time = "08:05:00"


@breaks("E020")
def a_time_in_words(m: Message) -> None:
    update(m).trip.start_time = "8 Uhr"


@breaks("E021")
def a_date_with_dots(m: Message) -> None:
    vehicle(m).trip.start_date = "14.10.25"


@breaks("E022")
def a_call_before_the_one_before(m: Message) -> None:
    calls(m)[2].arrival.time = calls(m)[1].arrival.time


@breaks("E023")
def another_start_than_in_the_timetable(m: Message) -> None:
    update(m).trip.start_time = "08:01:00"


@breaks("E024")
def another_direction(m: Message) -> None:
    vehicle(m).trip.direction_id = 1


@breaks("E025")
def leaving_before_coming(m: Message) -> None:
    calls(m)[1].departure.time = calls(m)[1].arrival.time - 1


@breaks("E026")
def beyond_the_pole(m: Message) -> None:
    vehicle(m).position.latitude = 90.5


@breaks("E027")
def beyond_the_circle(m: Message) -> None:
    vehicle(m).position.bearing = 361.0


@breaks("E028")
def in_another_land(m: Message) -> None:
    vehicle(m).position.longitude = 2.35


@breaks("E029")
def beside_the_line(m: Message) -> None:
    vehicle(m).position.latitude += 0.004


@breaks("E030")
def an_alert_for_a_trip_of_another_line(m: Message) -> None:
    alert(m).informed_entity[0].route_id = "E"


@breaks("E031")
def an_alert_for_two_lines_in_one(m: Message) -> None:
    alert(m).informed_entity[0].trip.route_id = "E"


@breaks("E032")
def an_alert_for_nobody(m: Message) -> None:
    del alert(m).informed_entity[:]


@breaks("E033")
def an_alert_for_nothing(m: Message) -> None:
    alert(m).informed_entity[0].Clear()


@breaks("E034")
def an_alert_of_another_agency(m: Message) -> None:
    alert(m).informed_entity.add(agency_id="ghost")


@breaks("E035")
def a_trip_on_another_line(m: Message) -> None:
    update(m).trip.route_id = "E"


@breaks("E036")
def a_call_twice(m: Message) -> None:
    calls(m)[1].stop_sequence = 1


@breaks("E037")
def a_stop_twice(m: Message) -> None:
    calls(m)[1].stop_id = "station"


@breaks("E038")
def a_version_of_tomorrow(m: Message) -> None:
    m.header.gtfs_realtime_version = "3.0"


@breaks("E039")
def a_deleted_entity(m: Message) -> None:
    m.entity.add(id="gone", is_deleted=True)


@breaks("E040")
def a_call_nowhere(m: Message) -> None:
    calls(m)[3].ClearField("stop_id")
    calls(m)[3].ClearField("stop_sequence")


@breaks("E041")
def an_update_of_nothing(m: Message) -> None:
    del calls(m)[:]


@breaks("E042")
def data_where_there_are_none(m: Message) -> None:
    calls(m)[2].schedule_relationship = Call.NO_DATA


@breaks("E043")
def a_call_at_no_time(m: Message) -> None:
    calls(m)[2].ClearField("arrival")
    calls(m)[2].ClearField("departure")


@breaks("E044")
def an_arrival_that_says_nothing(m: Message) -> None:
    calls(m)[3].arrival.Clear()
    calls(m)[3].arrival.uncertainty = 5


@breaks("E045")
def a_stop_of_another_row(m: Message) -> None:
    calls(m)[2].stop_id = "campus"
    calls(m)[3].stop_id = "north"


@breaks("E046")
def a_delay_of_no_time(m: Message) -> None:
    become(m, "BARE")
    calls(m)[1].arrival.ClearField("time")


@breaks("E047")
def another_vehicle_than_the_one_that_drives(m: Message) -> None:
    update(m).vehicle.id = "bus-2"


@breaks("E048")
def a_header_without_time(m: Message) -> None:
    m.header.ClearField("timestamp")


@breaks("E049")
def a_header_that_does_not_say_what_it_is(m: Message) -> None:
    m.header.ClearField("incrementality")


@breaks("E050")
def a_clock_far_ahead(m: Message) -> None:
    vehicle(m).timestamp = READ_S + 90


@breaks("E051")
def a_call_the_trip_does_not_have(m: Message) -> None:
    calls(m)[3].stop_sequence = 9


@breaks("E052")
def a_vehicle_in_two_places(m: Message) -> None:
    add_position(m)
    m.entity[-1].id = "vehicle:again"
