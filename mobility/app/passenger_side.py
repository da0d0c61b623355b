"""Passenger information with everything around it: checker, push hub, alerts, header renewal, MQTT out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import structlog
from fastapi import APIRouter
from starlette.requests import HTTPConnection
from starlette.templating import Jinja2Templates

from gtfs.from_region import shape_id
from gtfs.public import public_lines
from gtfs.timetable import Timetable
from mobility.app.visit_log import VisitLog
from mobility.core.clock import Clock
from mobility.core.ids import BlockId, VehicleId
from mobility.core.ports import Ledger, References
from mobility.core.region import Region
from passenger_info.accuracy_view import accuracy_readings
from passenger_info.checker.finding import RuleFinding
from passenger_info.checker.static_view import StaticView, static_view
from passenger_info.edge import routes
from passenger_info.edge.accuracy_page import accuracy_router
from passenger_info.edge.alert_api import alert_router
from passenger_info.edge.alert_pages import alert_pages_router
from passenger_info.edge.alert_service import AlertDesk
from passenger_info.edge.mqtt_out import MqttOut
from passenger_info.edge.mqtt_publisher import PublishingBroker
from passenger_info.edge.push import PushHub
from passenger_info.edge.renewal import Renewal
from passenger_info.edge.service import PassengerInfo
from passenger_info.gates import Gates
from passenger_info.learning import learn
from passenger_info.profiles import PROFILES
from passenger_info.told import PublishedTime

_log = structlog.get_logger()
_NO_BLOCKS: Mapping[BlockId, VehicleId] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOutPlan:
    """A broker for planners, and what is published there."""

    broker: PublishingBroker
    feed_id: str
    profile: str
    """A name of ``passenger_info.profiles.PROFILES``."""
    prefix: str
    client_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publishing:
    """What an operator decides about publishing."""

    mqtt: MqttOutPlan | None = None
    films: Mapping[str, str] = field(default_factory=dict)
    """Addresses of films in sign language, see ``passenger_info.board_videos``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassengerSide:
    """All of passenger information in one process."""

    info: PassengerInfo
    hub: PushHub
    alerts: AlertDesk
    gates: Gates
    """What entities and full datasets must pass before anybody sees them, in each profile."""
    renewal: Renewal | None
    """Keeps the header of the feed young; in virtual time nobody does."""
    mqtt: MqttOut | None
    films: Mapping[str, str]

    def work(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return the periodic work by name."""
        found: dict[str, Callable[[], Awaitable[None]]] = {"passenger information": self.info.run}
        if self.renewal is not None:
            found["feed renewal"] = self.renewal.run
        if self.mqtt is not None:
            found["mqtt out"] = self.mqtt.run
        return found

    def routers(self, templates: Jinja2Templates, is_staff: Callable[[HTTPConnection], bool]) -> list[APIRouter]:
        """Return all routes: boards, feeds, departures, accuracy, alerts and their editor."""
        return [
            routes.router(self.info, templates, self.hub, self.films),
            accuracy_router(self.info, templates),
            alert_router(self.alerts, is_staff),
            alert_pages_router(self.alerts, templates),
        ]

    def faults(self) -> list[str]:
        """Return why riders are not informed as they should be; empty while all is well."""
        return [] if self.renewal is None else self.renewal.faults()

    def readings(self) -> Mapping[str, float]:
        """Return figures for ``/metrics``."""
        hub = self.hub.counters
        refused = {name: sum(rules.values()) for name, rules in self.gates.refused.items()}
        figures = {
            "feed_refused_total": sum(refused.values()),
            **{f"feed_refused_{name}_total": count for name, count in refused.items()},
            "push_readers": hub.readers,
            "push_topics": hub.topics,
            "push_frames_total": hub.frames,
            "push_deliveries_total": hub.deliveries,
            "push_fallbacks_total": hub.fallbacks,
            "push_errors_total": hub.errors,
            **accuracy_readings(self.info.accuracy()),
        }
        if self.renewal is not None:
            figures["feed_age_seconds"] = self.renewal.age_s()
        if self.mqtt is not None:
            counted = self.mqtt.counters
            figures |= {"mqtt_out_retained": counted.retained, "mqtt_out_published_total": counted.published}
            figures |= {"mqtt_out_failures_total": counted.failures, "mqtt_out_refused_total": counted.refused}
        return figures


@dataclass(frozen=True, kw_only=True)
class PassengerParts:
    """What passenger information is built with."""

    timetable: Timetable
    region: Region | None
    clock: Clock
    ledger: Ledger
    references: References
    published: Callable[[PublishedTime], None]
    """Keeps what was told to all."""
    visits: VisitLog
    """Keeps the visits of trips that ended, and has those of the last weeks."""
    publishing: Publishing
    inline: bool
    """Virtual time."""


def build_passenger_side(parts: PassengerParts) -> PassengerSide:
    """Plug passenger information together; it begins with the facts that the ledger holds."""
    region = parts.region
    gates = Gates(_view(parts.timetable, region), told=_told)
    info = PassengerInfo(
        timetable=parts.timetable,
        clock=parts.clock,
        specs=region.fleet if region is not None else {},
        published=parts.published,
        blocks=region.blocks if region is not None else _NO_BLOCKS,
        guards=gates.of_entities,
        gates=gates.of_feed,
        performed=parts.visits.append,
    )
    learn(info.predictor, info.runs, parts.visits.recent())
    return PassengerSide(
        info=info,
        hub=PushHub(info, parts.clock),
        alerts=AlertDesk(
            timetable=parts.timetable, ledger=parts.ledger, clock=parts.clock, references=parts.references
        ),
        gates=gates,
        renewal=None if parts.inline else Renewal(info, parts.clock),
        mqtt=_mqtt(info, parts.clock, parts.publishing.mqtt),
        films=parts.publishing.films,
    )


def _view(timetable: Timetable, region: Region | None) -> StaticView:
    if region is None:
        return static_view(timetable)
    shapes = frozenset(shape_id(line, pattern) for line in public_lines(region) for pattern in line.patterns)
    return static_view(timetable, agency_id=region.region_id, shape_ids=shapes)


def _told(profile: str, finding: RuleFinding) -> None:
    _log.warning(
        "feed kept back", profile=profile, rule=finding.rule_id, entity=finding.entity_id, detail=finding.detail
    )


def _mqtt(info: PassengerInfo, clock: Clock, plan: MqttOutPlan | None) -> MqttOut | None:
    if plan is None:
        return None
    return MqttOut(
        info,
        clock=clock,
        broker=plan.broker,
        feed_id=plan.feed_id,
        profile=PROFILES[plan.profile],
        prefix=plan.prefix,
        client_id=plan.client_id,
    )
