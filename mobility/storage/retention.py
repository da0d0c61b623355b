"""How long what is kept, and deleting what has had its time: telemetry by day and vehicle, frozen occasions by class.

| Class | Default | Ground |
|---|---|---|
| rider-linked telemetry (citizen bus) | 7 days | a track on demand shows who lives where (GDPR Art. 5(1)(e)) |
| telemetry of vehicles from SAE level 3 | 184 days | StVG §63a(4): six months |
| other telemetry | 184 days | the operator's concept |
| frozen occasions | 3 years | the operator's concept; StVG §1g sets no period for the owner |
| frozen accidents | 10 years | longer than the 3 years of §63a(4); assumed, the operator's concept decides |

Of deleted samples sequence number and checksum stay (``forgotten.parquet``) as long as ``index_days`` says, so that a
repetition is still known as one. What was deleted is noted in ``retention.jsonl`` beside the days.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from mobility.core.clock import Clock
from mobility.core.errors import BadInputError, CorruptionError
from mobility.core.ids import VehicleId
from mobility.core.service_day import ServiceDay, service_day_of
from mobility.core.vehicle import ServiceKind, VehicleSpec
from mobility.storage.database import sync_directory
from mobility.storage.occasion_files import newest_revision, occasions_kept, tables_kept
from mobility.storage.segment_files import FORGOTTEN_NAME, SEALED_NAME, day_folder, days, segments
from mobility.storage.segment_seal import SEALING

if TYPE_CHECKING:
    import pyarrow as pa

_log = structlog.get_logger()

_INDEX_COLUMNS = ["vehicle_id", "boot_id", "seq", "payload_crc32c"]
_SECTION_63A_LEVEL = 3
_LEAST_DAYS = 3
_LOOK_EVERY_S = 3600.0
NOTES_NAME = "retention.jsonl"
"""One JSON object a line: what was deleted and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """Days for which each class is kept, the day itself not counted; all at least 3, so that days are sealed."""

    rider_linked_days: int = 7
    section_63a_days: int = 184
    other_days: int = 184
    index_days: int = 184
    """Sequence numbers and checksums of deleted samples."""
    occasion_days: int = 3 * 365 + 1
    accident_days: int = 10 * 365 + 3

    def __post_init__(self) -> None:
        """Refuse less than three days: younger days are not sealed."""
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        short = [name for name, kept_days in named.items() if kept_days < _LEAST_DAYS]
        if short:
            raise BadInputError(f"{', '.join(short)}: at least {_LEAST_DAYS} days", source="retention")

    def telemetry_days(self, spec: VehicleSpec | None) -> int:
        """Return how long a vehicle's telemetry is kept; a vehicle nobody knows is taken for one without riders."""
        if spec is None:
            return self.other_days
        if spec.kind is ServiceKind.CITIZEN_BUS:
            return self.rider_linked_days
        return self.section_63a_days if spec.sae_level >= _SECTION_63A_LEVEL else self.other_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What one look deleted of one thing."""

    what: str
    """``telemetry``, ``index``, ``occasion`` or ``table``."""
    name: str
    """Day, occasion id, or name of the table."""
    vehicle_id: str
    """Empty where it is no one vehicle's."""
    samples: int


class Retention:
    """Looks once a day, until cancelled."""

    def __init__(
        self,
        *,
        telemetry: Path,
        occasions: Path,
        policy: RetentionPolicy,
        fleet: Mapping[VehicleId, VehicleSpec],
        clock: Clock,
        zone: str,
        inline: bool = False,
        seal: Callable[[ServiceDay], Awaitable[object]] | None = None,
    ) -> None:
        """Days are those of ``zone``; ``inline`` works in the caller instead of a thread (virtual time).

        ``seal`` is the log's: days that have had their time and were left open are sealed first. A server that stood
        for long leaves such days, and a vehicle whose clock was far behind.
        """
        self._telemetry = telemetry
        self._seal = seal
        self._shortest_days = min(policy.rider_linked_days, policy.section_63a_days, policy.other_days)
        self._look = partial(apply_retention, telemetry=telemetry, occasions=occasions, policy=policy, fleet=fleet)
        self._clock = clock
        self._zone = zone
        self._inline = inline
        self.deleted: list[Deleted] = []
        """What the newest look that deleted anything has deleted."""

    async def run(self) -> None:
        """Look at the start and once on every new day. Raises ``CorruptionError`` and ``OSError``: begin it anew."""
        done: date | None = None
        while True:
            today = service_day_of(self._clock.now(), self._zone).date
            if today != done:
                await self._seal_what_was_left_open(today)
                look = partial(self._look, today=today)
                found = look() if self._inline else await asyncio.to_thread(look)
                self.deleted = found or self.deleted
                done = today
            await self._clock.sleep(_LOOK_EVERY_S)

    async def _seal_what_was_left_open(self, today: date) -> None:
        if self._seal is None:
            return
        for day in list(days(self._telemetry)):
            if (today - day).days > self._shortest_days and segments(day_folder(self._telemetry, day)):
                try:
                    await self._seal(ServiceDay(day, self._zone))
                except CorruptionError as error:
                    # It stays as it is; the other days must go in their time all the same.
                    _log.error("a day can not be sealed and is not deleted", day=day.isoformat(), fault=str(error))


def apply_retention(
    *,
    telemetry: Path,
    occasions: Path,
    policy: RetentionPolicy,
    fleet: Mapping[VehicleId, VehicleSpec],
    today: date,
) -> list[Deleted]:
    """Delete what has had its time by ``today``, note it, and return it; days not sealed yet are left alone.

    Safe beside a running log and its sealing of the same process. Raises ``CorruptionError`` for damaged files and
    ``OSError`` as the disk gives it; what was deleted until then stays deleted and noted.
    """
    deleted: list[Deleted] = []
    for each in _due(telemetry, occasions, policy, fleet, today):
        _note(telemetry, today, each)
        deleted.append(each)
    return deleted


def _due(
    telemetry: Path, occasions: Path, policy: RetentionPolicy, fleet: Mapping[VehicleId, VehicleSpec], today: date
) -> Iterator[Deleted]:
    for day in list(days(telemetry)):
        age_days = (today - day).days
        folder = day_folder(telemetry, day)
        if age_days > min(policy.rider_linked_days, policy.section_63a_days, policy.other_days):
            yield from _prune_day(folder, age_days, policy, fleet)
        if age_days > max(policy.index_days, policy.section_63a_days, policy.other_days):
            yield from _drop_index(folder)
    yield from _prune_occasions(occasions, policy, today)
    yield from _prune_tables(occasions, policy, today)


def _prune_day(
    folder: Path, age_days: int, policy: RetentionPolicy, fleet: Mapping[VehicleId, VehicleSpec]
) -> Iterator[Deleted]:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    path = folder / SEALED_NAME
    with SEALING:
        if segments(folder) or not path.is_file():
            return
        try:
            vehicles = pq.read_table(path, columns=["vehicle_id"], partitioning=None).column(0)
            counts = {str(row["values"]): int(row["counts"]) for row in vehicles.value_counts().to_pylist()}
            gone = sorted(v for v in counts if age_days > policy.telemetry_days(fleet.get(VehicleId(v))))
            if not gone:
                return
            table = pq.read_table(path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise CorruptionError(f"{folder.name}/{path.name} is damaged: {error}") from error
        _forget(folder, table, gone)
    for vehicle in gone:
        yield Deleted(what="telemetry", name=folder.name, vehicle_id=vehicle, samples=counts[vehicle])


def _forget(folder: Path, table: "pa.Table", gone: list[str]) -> None:
    """Write the index of what goes first, then the day without it: a crash between the two loses neither."""
    import pyarrow as pa  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.compute as pc  # noqa: PLC0415 - heavy, and the server starts without it
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    is_gone = pc.is_in(table.column("vehicle_id"), value_set=pa.array(gone, pa.string()))
    index = table.filter(is_gone).select(_INDEX_COLUMNS).replace_schema_metadata(None)
    former = folder / FORGOTTEN_NAME
    if former.is_file():
        known = pq.read_table(former, partitioning=None)
        index = pa.concat_tables([known, index]).group_by(_INDEX_COLUMNS).aggregate([]).select(_INDEX_COLUMNS)
    _replace(former, index.sort_by([(name, "ascending") for name in _INDEX_COLUMNS]))
    # An empty day keeps its file: it tells which numbers of segments are used up.
    _replace(folder / SEALED_NAME, table.filter(pc.invert(is_gone)))


def _replace(path: Path, table: "pa.Table") -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        pq.write_table(table, file, compression="zstd", row_group_size=128 * 1024)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def _drop_index(folder: Path) -> Iterator[Deleted]:
    """Remove a day of which nothing but the index is left."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - heavy, and the server starts without it

    with SEALING:
        sealed, index = folder / SEALED_NAME, folder / FORGOTTEN_NAME
        if segments(folder) or not index.is_file():
            return
        if sealed.is_file() and pq.read_metadata(sealed).num_rows:
            return
        samples = pq.read_metadata(index).num_rows
        shutil.rmtree(folder)
        sync_directory(folder.parent)
    yield Deleted(what="index", name=folder.name, vehicle_id="", samples=samples)


def _prune_occasions(directory: Path, policy: RetentionPolicy, today: date) -> Iterator[Deleted]:
    for occasion_id, folder in list(occasions_kept(directory)):
        frozen = newest_revision(directory, occasion_id)
        if frozen is None:
            continue
        occasion = json.loads(frozen.body)["occasion"]
        kept = timedelta(days=policy.accident_days if occasion["is_accident"] else policy.occasion_days)
        if date.fromisoformat(occasion["at"][:10]) + kept < today:
            shutil.rmtree(folder)
            sync_directory(directory)
            yield Deleted(what="occasion", name=occasion_id, vehicle_id=occasion["vehicle_id"], samples=0)


def _prune_tables(directory: Path, policy: RetentionPolicy, today: date) -> Iterator[Deleted]:
    for path in tables_kept(directory):
        try:
            day = date.fromisoformat(path.name[:10])
        except ValueError:
            continue  # none of the recorder's day tables
        if day + timedelta(days=policy.occasion_days) < today:
            path.unlink()
            yield Deleted(what="table", name=path.name, vehicle_id="", samples=0)


def _note(telemetry: Path, today: date, deleted: Deleted) -> None:
    line = {"on": today.isoformat(), "what": deleted.what, "name": deleted.name}
    line |= {"vehicle_id": deleted.vehicle_id}
    text = json.dumps({**line, "samples": deleted.samples}, ensure_ascii=False) + "\n"
    telemetry.mkdir(parents=True, exist_ok=True)
    with (telemetry / NOTES_NAME).open("a", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
