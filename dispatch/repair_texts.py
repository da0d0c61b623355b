"""The words of repairs, German and English: titles of proposals and what can be said for and against them."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from dispatch.proposal import Answer, Proposal, Reason, ReasonCode
from mobility.core.clock import Instant, datetime_at
from mobility.core.ids import StopId, VehicleId
from mobility.core.region import Region

TITLES: Mapping[Answer, Mapping[str, str]] = {
    Answer.ONLY_TIMES: {
        "de": "Alles bleibt, nur die Zeiten verschieben sich",
        "en": "Everything stays, only the times move",
    },
    Answer.LEAST_HARM: {
        "de": "Am schonendsten für die Fahrgäste",
        "en": "Easiest on the riders",
    },
    Answer.CHEAPEST: {
        "de": "Am wenigsten Fahrzeit",
        "en": "Least driving",
    },
    Answer.RESCUE: {
        "de": "{vehicle} holt die Fahrgäste ab",
        "en": "{vehicle} fetches the riders",
    },
    Answer.WITHDRAW: {
        "de": "Betroffene Fahrten absagen, alles andere bleibt",
        "en": "Withdraw the rides that are upset, all else stays",
    },
    Answer.SUBSTITUTE: {
        "de": "Jemand anderes fährt",
        "en": "Somebody else drives",
    },
    Answer.DRIVE_ON: {
        "de": "Ohne den Fahrgast weiterfahren",
        "en": "Drive on without the rider",
    },
    Answer.WAIT: {
        "de": "Noch etwas warten",
        "en": "Wait a little longer",
    },
    Answer.TAKE_ALONG: {
        "de": "Gleich mitnehmen",
        "en": "Take along now",
    },
    Answer.NEXT_VEHICLE: {
        "de": "Später abholen",
        "en": "Fetch later",
    },
}
"""What a proposal is called."""

REASONS: Mapping[ReasonCode, Mapping[str, tuple[str, str]]] = {
    ReasonCode.ALL_PROMISES_KEPT: {
        "de": ("Alle zugesagten Zeiten werden gehalten.",) * 2,
        "en": ("All promised times are kept.",) * 2,
    },
    ReasonCode.LATER: {
        "de": (
            "Eine Fahrt liegt außerhalb der zugesagten Zeit, um bis zu {minutes} min.",
            "{count} Fahrten liegen außerhalb der zugesagten Zeit, um bis zu {minutes} min.",
        ),
        "en": (
            "One ride lies outside the promised time, by up to {minutes} min.",
            "{count} rides lie outside the promised time, by up to {minutes} min.",
        ),
    },
    ReasonCode.OTHER_VEHICLE: {
        "de": ("Eine Fahrt wechselt das Fahrzeug.", "{count} Fahrten wechseln das Fahrzeug."),
        "en": ("One ride changes vehicle.", "{count} rides change vehicle."),
    },
    ReasonCode.FETCHED_BY: {
        "de": (
            "{vehicle} holt um {time} Uhr einen Fahrgast aus dem liegengebliebenen Bus.",
            "{vehicle} holt um {time} Uhr {count} Fahrgäste aus dem liegengebliebenen Bus.",
        ),
        "en": (
            "{vehicle} fetches one rider from the broken bus at {time}.",
            "{vehicle} fetches {count} riders from the broken bus at {time}.",
        ),
    },
    ReasonCode.STRANDED: {
        "de": (
            "Für eine Fahrt kommt niemand zum liegengebliebenen Bus. Bitte rufen Sie ein Taxi.",
            "Für {count} Fahrten kommt niemand zum liegengebliebenen Bus. Bitte rufen Sie ein Taxi.",
        ),
        "en": (
            "Nobody comes to the broken bus for one ride. Please call a taxi.",
            "Nobody comes to the broken bus for {count} rides. Please call a taxi.",
        ),
    },
    ReasonCode.NO_VEHICLE_FREE: {
        "de": (
            "Kein Fahrzeug ist frei: Eine Fahrt muss abgesagt werden, auch eine Stunde später passt sie nicht.",
            "Kein Fahrzeug ist frei: {count} Fahrten müssen abgesagt werden, auch eine Stunde später passen sie nicht.",
        ),
        "en": (
            "No vehicle is free: one ride has to be withdrawn, it does not fit even an hour later.",
            "No vehicle is free: {count} rides have to be withdrawn, they do not fit even an hour later.",
        ),
    },
    ReasonCode.GIVEN_UP: {
        "de": (
            "Eine Fahrt wird abgesagt, damit für andere nichts anders wird.",
            "{count} Fahrten werden abgesagt, damit für andere nichts anders wird.",
        ),
        "en": (
            "One ride is withdrawn, so that nothing changes for others.",
            "{count} rides are withdrawn, so that nothing changes for others.",
        ),
    },
    ReasonCode.STOP_CUT_OFF: {
        "de": ("„{stop}“ ist nicht erreichbar.",) * 2,
        "en": ("“{stop}” cannot be reached.",) * 2,
    },
    ReasonCode.FITS: {
        "de": ("Es ist Platz dafür.",) * 2,
        "en": ("There is room for it.",) * 2,
    },
    ReasonCode.FITS_FOLDED: {
        "de": ("Es ist Platz, wenn ein Sitz geklappt wird.", "Es ist Platz, wenn {count} Sitze geklappt werden."),
        "en": ("There is room once one seat is folded.", "There is room once {count} seats are folded."),
    },
    ReasonCode.OTHERS_MOVED: {
        "de": ("Dafür fährt jemand anderes mit einem anderen Bus.", "Dafür wechseln {count} andere Fahrten den Bus."),
        "en": ("One other ride changes vehicle for it.", "{count} other rides change vehicle for it."),
    },
    ReasonCode.WAITS_FOR: {
        "de": ("Der Fahrgast wartet auf {vehicle}, Ankunft {time} Uhr.",) * 2,
        "en": ("The rider waits for {vehicle}, which comes at {time}.",) * 2,
    },
    ReasonCode.RELEASED: {
        "de": ("Der Platz wird frei.",) * 2,
        "en": ("The place becomes free.",) * 2,
    },
    ReasonCode.WAITS_MINUTES: {
        "de": ("Der Bus wartet noch {minutes} min.",) * 2,
        "en": ("The bus waits {minutes} min more.",) * 2,
    },
    ReasonCode.DRIVEN_BY: {
        "de": ("Es fährt: {driver}.",) * 2,
        "en": ("The driver is {driver}.",) * 2,
    },
    ReasonCode.NOTHING_UPSET: {
        "de": ("Am Plan ändert sich nichts.",) * 2,
        "en": ("Nothing in the plan changes.",) * 2,
    },
}
"""For each reason the sentence for one and for several."""


class RepairWords:
    """Says proposals in words, with the names of a region's vehicles and stops and its local time."""

    def __init__(self, region: Region) -> None:
        """Speak of ``region``."""
        self._region = region
        self._zone = ZoneInfo(region.zone)

    def __call__(self, proposal: Proposal, language: str) -> tuple[str, Sequence[str]]:
        """Return title and reasons of a proposal; ``language`` is ``de`` or ``en``."""
        return self.title(proposal, language), [self.reason(each, language) for each in proposal.reasons]

    def title(self, proposal: Proposal, language: str) -> str:
        """Return what the proposal is called."""
        vehicle = "" if proposal.vehicle_id is None else self._label(proposal.vehicle_id)
        return TITLES[proposal.answer][language].format(vehicle=vehicle)

    def reason(self, reason: Reason, language: str) -> str:
        """Return a reason as a whole sentence."""
        count = int(reason.parameters.get("count", reason.parameters.get("seats", 1)))
        one, many = REASONS[reason.code][language]
        return (one if count == 1 else many).format(**{**self._named(reason), "count": count})

    def _named(self, reason: Reason) -> dict[str, str | int]:
        named: dict[str, str | int] = dict(reason.parameters)
        if "vehicle" in named:
            named["vehicle"] = self._label(VehicleId(str(named["vehicle"])))
        if "stop" in named:
            stop_id = StopId(str(named["stop"]))
            named["stop"] = self._region.stops[stop_id].name if stop_id in self._region.stops else stop_id
        if "time" in named:
            named["time"] = f"{datetime_at(Instant(int(named['time'])), self._zone):%H:%M}"
        return named

    def _label(self, vehicle_id: VehicleId) -> str:
        spec = self._region.fleet.get(vehicle_id)
        return str(vehicle_id) if spec is None else spec.label
