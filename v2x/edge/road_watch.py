"""Watches what the fleet's drives say about the roads, live and late, and keeps it over restarts."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from mobility.core.clock import Clock, Instant
from mobility.core.ids import VehicleId
from mobility.core.network import RoadNetwork
from mobility.core.ports import Ledger, TelemetryRecord
from mobility.core.vehicle import VehicleSpec
from v2x.edge.figures_file import FiguresFiles
from v2x.edge.link_watch import DRAWN_FOR_MS, on_demand
from v2x.extension import Extension
from v2x.road.drive import Drive
from v2x.road.hazards import standing
from v2x.road.layers import Feature, Names, hazard_layer, junction_layer, roughness_layer
from v2x.road.survey import RoadSurvey

SAVE_EVERY_S = 300.0
"""How often the survey is written; a crash costs the passes since."""
_FILE = "survey"


class Layer(StrEnum):
    """The layers of the road map."""

    ROUGHNESS = "roughness"
    HAZARDS = "hazards"
    JUNCTIONS = "junctions"


class RoadWatch:
    """Takes every durable record, gives layers."""

    def __init__(
        self,
        *,
        clock: Clock,
        ledger: Ledger,
        network: RoadNetwork,
        specs: Mapping[VehicleId, VehicleSpec],
        names: Names = (),
        directory: Path | None = None,
    ) -> None:
        """What ``directory`` holds of the same network is read now; without one nothing outlives the process."""
        self._clock = clock
        self._ledger = ledger
        self._names = names
        self._on_demand = on_demand(specs)
        self._files = FiguresFiles(directory)
        self.survey = RoadSurvey(network)
        """The newest passes of every section and approach."""
        saved = self._files.read(_FILE)
        if isinstance(saved, dict):
            self.survey.restore(saved)
        self._drives: dict[VehicleId, Drive] = {}
        self._drawn: dict[Layer, tuple[Instant, Sequence[Feature]]] = {}
        self._saved_passes = 0

    def observe(self, record: TelemetryRecord, extension: Extension | None) -> None:
        """Take a durable record, live or late."""
        vehicle_id = record.sample.vehicle_id
        drive = self._drives.get(vehicle_id)
        if drive is None:
            drive = self._drives[vehicle_id] = Drive(self.survey, is_on_demand=vehicle_id in self._on_demand)
        rms_mps2 = extension.roughness_mps2 if extension is not None else None
        drive.take(record.sample, record.event_time, rms_mps2)

    async def run(self) -> None:
        """Keep the survey until cancelled."""
        while True:
            await self._clock.sleep(SAVE_EVERY_S)
            self.save()

    def save(self) -> None:
        """Write the survey where it changed; also at the end of a process."""
        if self.survey.passes != self._saved_passes:
            self._saved_passes = self.survey.passes
            self._files.write(_FILE, self.survey.as_json())

    def layer(self, layer: Layer) -> Sequence[Feature]:
        """Return a layer, what is worst first: hazards as of now, the others drawn at most every ten seconds."""
        now = self._clock.now()
        if layer is Layer.HAZARDS:
            return self._hazards(now)
        drawn = self._drawn.get(layer)
        if drawn is None or now - drawn[0] >= DRAWN_FOR_MS:
            draw = roughness_layer if layer is Layer.ROUGHNESS else junction_layer
            drawn = self._drawn[layer] = now, draw(self.survey, self._names)
        return drawn[1]

    def _hazards(self, now: Instant) -> Sequence[Feature]:
        hazards = self._ledger.state.supervised.hazards.values()
        return hazard_layer(standing(hazards, now), self._names)
