"""The links of a fleet: an observer that keeps presence and figures of every vehicle, and where samples came late."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.ports import TelemetryRecord
from v2x.extension import Extension, LinkReading
from v2x.link.day import DayOf
from v2x.link.quality import LinkQuality, Today
from v2x.link.state import LinkState, Presence
from v2x.link.where import Where


@dataclass(slots=True)
class Link:
    """One vehicle's link."""

    presence: Presence
    quality: LinkQuality = field(default_factory=LinkQuality)
    is_connected: bool = False
    had_session: bool = False
    """Since the start or the vehicle's last rest: a further session is a reconnect."""
    as_of: Instant = Instant(0)  # noqa: RUF009 - an int
    """Event time of the newest record."""
    second: int = 0
    """Second of the newest delay that was taken."""
    is_watched: bool = False
    """Sent samples in a session of its own since the start. A computer that is on and takes none is not on duty, and
    what only radio stations relay, comes and goes without being lost."""


class LinkRegister:
    """Is the ``LinkObserver``; every method costs a few microseconds and raises nothing."""

    def __init__(self, day_of: DayOf, where: Where | None = None) -> None:
        """Without ``where``, as on a feed without a road network, nothing is counted by place."""
        self._day_of = day_of
        self._where = where
        self._links: dict[VehicleId, Link] = {}
        self._day: date | None = None

    @property
    def links(self) -> Mapping[VehicleId, Link]:
        """All vehicles heard of since the start."""
        return self._links

    def connected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """Count a session."""
        link = self._link(vehicle_id, now)
        self._hear(link, now)
        link.is_connected = True
        link.quality.today.sessions += 1
        if link.had_session:
            link.quality.today.reconnects += 1
            if self._where is not None:
                self._where.reconnected(vehicle_id, now)
        link.had_session = True

    def disconnected(self, vehicle_id: VehicleId, now: Instant) -> None:
        """Take note that nobody is connected; how long it lasts decides whether the link is lost."""
        self._link(vehicle_id, now).is_connected = False

    def heard(self, vehicle_id: VehicleId, size_bytes: int, now: Instant) -> None:
        """Count a frame."""
        link = self._link(vehicle_id, now)
        self._hear(link, now)
        link.quality.flow.take(size_bytes, now)

    def timed(self, vehicle_id: VehicleId, round_trip_ms: int, offset_ms: int, error_ms: int, now: Instant) -> None:
        """Keep what a ping measured."""
        self._link(vehicle_id, now).quality.time(round_trip_ms, offset_ms, error_ms)
        if self._where is not None:
            self._where.timed(vehicle_id, round_trip_ms, now)

    def kept(self, record: TelemetryRecord, extension: Extension | None, now: Instant) -> None:
        """Count a record, and where it was taken."""
        sample = record.sample
        link = self._link(sample.vehicle_id, now)
        # A record that came without a session, relayed, is heard as well.
        if record.received_at > link.presence.heard_at:
            self._hear(link, record.received_at)
        delay_ms = record.received_at - record.event_time
        link.quality.keep(sample.boot_id, sample.seq, delay_ms, now)
        reading: LinkReading | None = None
        if extension is not None:
            link.presence.keep(record.event_time, goes_to_rest=extension.goes_to_rest)
            reading = extension.link
            if reading is not None and record.event_time >= link.as_of:
                link.quality.modem = reading
        else:
            link.presence.keep(record.event_time, goes_to_rest=False)
        link.is_watched = link.is_watched or link.is_connected
        if link.presence.is_resting:
            link.had_session = False
        if record.event_time > link.as_of:
            link.as_of = record.event_time
            second = record.event_time // 1000
            if second != link.second:
                link.second = second
                link.quality.delay(delay_ms)
        if self._where is not None:
            self._where.take(record, reading)

    def repeated(self, vehicle_id: VehicleId, samples: int, now: Instant) -> None:
        """Count samples that came once more."""
        self._link(vehicle_id, now).quality.today.repeated += samples

    def check(self, now: Instant) -> None:
        """Decide for every vehicle whether it is lost."""
        for link in self._links.values():
            link.presence.check(now)

    def deadlines(self, now: Instant) -> Iterable[Instant]:
        """Yield when ``check`` may decide otherwise although nothing is heard until then."""
        for link in self._links.values():
            deadline = link.presence.deadline(now) if link.is_watched else None
            if deadline is not None:
                yield deadline

    def lost(self) -> dict[VehicleId, Instant]:
        """Return the vehicles that are lost, as of the last check, and when each was heard last."""
        return {
            each: link.presence.lost_since
            for each, link in self._links.items()
            if link.is_watched and link.presence.is_lost
        }

    def on_duty(self) -> list[VehicleId]:
        """Return the vehicles that are watched and not at rest, by id: whose silence would be an alarm."""
        return sorted(each for each, link in self._links.items() if link.is_watched and not link.presence.is_resting)

    def views(self, now: Instant) -> list[dict[str, Any]]:
        """Return what the operator sees of each vehicle heard of, by id; ``None`` where nothing was measured."""
        return [_view(vehicle_id, self._links[vehicle_id], now) for vehicle_id in sorted(self._links)]

    def _link(self, vehicle_id: VehicleId, now: Instant) -> Link:
        if self._day_of(now) != self._day:
            self._day = self._day_of(now)
            for link in self._links.values():
                link.quality.today = Today()
        found = self._links.get(vehicle_id)
        if found is None:
            found = self._links[vehicle_id] = Link(Presence(now))
        return found

    @staticmethod
    def _hear(link: Link, now: Instant) -> None:
        presence = link.presence
        if link.as_of and not presence.is_resting:
            link.quality.silence(now - presence.heard_at)
        presence.hear(now)


def _view(vehicle_id: VehicleId, link: Link, now: Instant) -> dict[str, Any]:
    quality, today, modem = link.quality, link.quality.today, link.quality.modem
    loss_frac = quality.loss_frac(now)
    return {
        "vehicle_id": vehicle_id,
        # A computer that is on and never took a sample is not on duty.
        "state": (link.presence.state(now) if link.as_of else LinkState.RESTING).value,
        "is_connected": link.is_connected,
        "silence_s": round((now - link.presence.heard_at) / 1000, 1),
        "age_s": round((now - link.as_of) / 1000, 1) if link.as_of else None,
        "rtt_p50_ms": quality.round_trip_quantile_ms(0.5),
        "rtt_p95_ms": quality.round_trip_quantile_ms(0.95),
        "delay_p50_ms": quality.delay_quantile_ms(0.5),
        "delay_p95_ms": quality.delay_quantile_ms(0.95),
        "clock_offset_ms": quality.offset_ms,
        "clock_error_ms": quality.error_ms,
        "loss_frac": None if loss_frac is None else round(loss_frac, 4),
        "missing": quality.missing(),
        "throughput_kbps": round(quality.flow.throughput_kbps(now), 1),
        "bandwidth_kbps": quality.flow.burst_kbps,
        "modem_latency_ms": modem.latency_ms if modem else None,
        "modem_bandwidth_kbps": modem.bandwidth_kbps if modem else None,
        "rsrp_dbm": modem.rsrp_dbm if modem else None,
        "sessions_today": today.sessions,
        "reconnects_today": today.reconnects,
        "samples_today": today.samples,
        "late_today": today.late,
        "repeated_today": today.repeated,
        "silences_today": today.silences,
        "silent_today_s": round(today.silent_ms / 1000, 1),
        "longest_silence_today_s": round(today.longest_silence_ms / 1000, 1),
    }
