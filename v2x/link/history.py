"""Roads and coverage from stored telemetry: the same figures as live, from the records of whole days."""

from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.ports import TelemetryRecord
from v2x.extension import Extension
from v2x.extension_codec import extension_of
from v2x.link.coverage import Coverage, together
from v2x.link.day import DayOf
from v2x.link.where import Where
from v2x.road.drive import Drive
from v2x.road.survey import RoadSurvey


class DriveHistory:
    """Takes records in the order in which a day is stored: by vehicle, event time and sequence number."""

    def __init__(self, network: RoadNetwork, on_demand: frozenset[VehicleId], zone: str) -> None:
        """``on_demand`` are the vehicles whose way is their riders' way; days are those of ``zone``."""
        self.survey = RoadSurvey(network)
        """What may be told of the roads."""
        self._on_demand = on_demand
        self._where = Where(self.survey.locator, self.survey.sections, DayOf(zone), on_demand)
        self._drives: dict[VehicleId, Drive] = {}

    def take(self, record: TelemetryRecord) -> None:
        """Take a record; an extension that can not be used counts as none."""
        vehicle_id = record.sample.vehicle_id
        drive = self._drives.get(vehicle_id)
        if drive is None:
            drive = self._drives[vehicle_id] = Drive(self.survey, is_on_demand=vehicle_id in self._on_demand)
        extension = _extension(record)
        drive.take(record.sample, record.event_time, extension.roughness_mps2 if extension else None)
        self._where.take(record, extension.link if extension else None)

    def end(self) -> None:
        """End what goes on, after the last record."""
        for drive in self._drives.values():
            drive.end()

    def coverage(self) -> Coverage:
        """Return where samples came late; round trips and reconnects are not stored and so not in it."""
        return together(self._where.days.values())


def _extension(record: TelemetryRecord) -> Extension | None:
    try:
        return extension_of(record.payload)
    except BadInputError:
        return None
