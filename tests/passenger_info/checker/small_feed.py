"""A small static feed with everything the rules ask of one, and a message about it that breaks no rule."""

from pathlib import Path

from google.transit import gtfs_realtime_pb2 as gtfs_realtime

from tests.passenger_info.day import BACK, OUT, STOPS, at, feed_files, zipped

Message = gtfs_realtime.FeedMessage
TripDescriptor = gtfs_realtime.TripDescriptor
Call = gtfs_realtime.TripUpdate.StopTimeUpdate

TRIPS = {
    "D1": (8 * 3600, OUT, "b1"),
    "D2": (8 * 3600 + 900, BACK, "b1"),
    "LOOP": (8 * 3600 + 300, (*OUT, *BACK[1:]), "b2"),
    "OFTEN": (8 * 3600, OUT, "b3"),
    "EXACT": (8 * 3600, OUT, "b4"),
    "BARE": (8 * 3600, OUT, "b5"),
}
NOW_S = at("08:05") // 1000
"""The header's second."""
STARTS_S = {name: at("08:00") // 1000 + start - 8 * 3600 for name, (start, _, _) in TRIPS.items()}


def small_feed(folder: Path) -> Path:
    """Write it: one trip by headway, one by exact headway, one without times on its way, a station, a second line."""
    files = feed_files(TRIPS)
    files["frequencies.txt"] = (
        "trip_id,start_time,end_time,headway_secs,exact_times\n"
        "OFTEN,08:00:00,10:00:00,600,0\nEXACT,08:00:00,10:00:00,600,1\n"
    )
    files["stop_times.txt"] = "\n".join(_without_times(row) for row in files["stop_times.txt"].splitlines()) + "\n"
    rows = files["stops.txt"].splitlines()
    rows = [f"{rows[0]},location_type", *(f"{row},0" for row in rows[1:]), "hub,Hub,50.6845,10.9241,1"]
    files["stops.txt"] = "\n".join(rows) + "\n"
    files["routes.txt"] += "E,IOV,E,Other,3\n"
    return zipped(files, folder / "small.zip")


def _without_times(row: str) -> str:
    cells = row.split(",")
    if cells[0] == "BARE" and cells[4] in ("2", "3"):
        cells[1] = cells[2] = ""
    return ",".join(cells)


def good_message(header_s: int = NOW_S) -> Message:
    """A trip with its vehicle, the next of its block, a cancelled one, an alert and a drawn line."""
    message = Message()
    message.header.gtfs_realtime_version = "2.0"
    message.header.incrementality = gtfs_realtime.FeedHeader.FULL_DATASET
    message.header.timestamp = header_s
    update = add_update(message, "D1", OUT)
    update.vehicle.id = "bus-1"
    add_update(message, "D2", BACK)
    add_position(message)
    cancelled = message.entity.add(id="trip:LOOP").trip_update
    tell_trip(cancelled.trip, "LOOP")
    cancelled.trip.schedule_relationship = TripDescriptor.CANCELED
    cancelled.timestamp = NOW_S - 60
    add_alert(message)
    shape = message.entity.add(id="shape:x").shape
    shape.shape_id, shape.encoded_polyline = "x", "_p~iF~ps|U_ulLnnqC"
    return message


def tell_trip(trip: TripDescriptor, trip_id: str) -> None:
    trip.trip_id, trip.start_date, trip.route_id = trip_id, "20251014", "D"
    trip.direction_id = 1 if TRIPS[trip_id][1][0] == "campus" else 0
    trip.schedule_relationship = TripDescriptor.SCHEDULED


def add_update(message: Message, trip_id: str, stops=OUT) -> gtfs_realtime.TripUpdate:
    update = message.entity.add(id=f"trip:{trip_id}").trip_update
    tell_trip(update.trip, trip_id)
    update.timestamp = NOW_S - 3
    for k, stop in enumerate(stops):
        call = update.stop_time_update.add(stop_sequence=k + 1, stop_id=stop, schedule_relationship=Call.SCHEDULED)
        call.arrival.time = STARTS_S[trip_id] + 180 * k + 60
        call.arrival.delay = 60
        call.departure.time = call.arrival.time + 20
        call.departure.delay = 60
    return update


def add_position(message: Message) -> gtfs_realtime.VehiclePosition:
    vehicle = message.entity.add(id="vehicle:bus-1").vehicle
    tell_trip(vehicle.trip, "D1")
    vehicle.vehicle.id, vehicle.timestamp, vehicle.stop_id = "bus-1", NOW_S - 1, "north"
    vehicle.current_stop_sequence = 3
    position, place = vehicle.position, STOPS["market"]
    position.latitude, position.longitude, position.bearing, position.speed = place.lat_deg, place.lon_deg, 90.0, 4.0
    return vehicle


def add_alert(message: Message) -> gtfs_realtime.Alert:
    alert = message.entity.add(id="alert:1").alert
    alert.informed_entity.add(route_id="D").trip.trip_id = "LOOP"
    alert.cause, alert.effect = gtfs_realtime.Alert.WEATHER, gtfs_realtime.Alert.NO_SERVICE
    for text, language in (("Fahrt fällt aus", "de"), ("Trip cancelled", "en")):
        alert.header_text.translation.add(text=text, language=language)
    for text, language in (("Wegen Schnee fährt dieser Bus nicht.", "de"), ("Snow: no bus.", "en")):
        alert.description_text.translation.add(text=text, language=language)
    alert.communication_period.add(start=NOW_S - 600, end=NOW_S + 3600)
    alert.impact_period.add(start=NOW_S, end=NOW_S + 3000)
    return alert
