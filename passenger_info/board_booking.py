"""How to book at a stop where a vehicle comes on request, in words of one language."""

from collections.abc import Collection
from dataclasses import dataclass

from gtfs.on_demand import OnDemandService
from mobility.core.service_day import format_service_time
from passenger_info.board import hour_words, minute_words
from passenger_info.board_sentences import BOOKING

_DAYS_OF_A_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingView:
    """One bookable service as a board tells it."""

    title: str
    sentences: tuple[str, ...]
    """When it runs, and how long ahead to book; without the phone number."""
    phone: str
    """Empty where it can not be booked by phone."""
    page: str
    """Address of the page that takes bookings."""
    spoken: str
    """All of it for reading aloud."""


def booking_view(service: OnDemandService, language: str, *, page: str = "/book") -> BookingView:
    """Return how to book a service; ``page`` is the address of our own booking page."""
    words, area = BOOKING[language], service.area
    first, last = service.windows[0][0] if service.windows else area.opens, area.closes
    runs = words["sentence"].format(
        name=area.name,
        days=weekday_words(area.weekdays, language),
        opens=format_service_time(first)[:5],
        closes=format_service_time(service.windows[-1][1] if service.windows else last)[:5],
        holidays=words["holidays"] if area.holidays_of else "",
    )
    lead = words["lead"].format(lead=_lead_words(area.lead_time_s, language))
    said = [runs, lead, *([words["spoken"].format(phone=area.phone)] if area.phone else [])]
    title = words["title"].format(name=area.name)
    return BookingView(
        title=title, sentences=(runs, lead), phone=area.phone, page=page, spoken=" ".join([f"{title}.", *said])
    )


def weekday_words(weekdays: Collection[int], language: str) -> str:
    """Return days of the week (0 = Monday) as people say them: ``dienstags und donnerstags``."""
    words = BOOKING[language]
    if len(weekdays) == _DAYS_OF_A_WEEK:
        return words["every_day"]
    names = words["weekdays"].split()
    days = [names[day].replace("_", " ") for day in sorted(weekdays)]
    return words["and"].join([", ".join(days[:-1]), days[-1]] if len(days) > 1 else days)


def _lead_words(lead_s: float, language: str) -> str:
    minutes = round(lead_s / 60)
    hours, rest = divmod(minutes, 60)
    if rest or not hours:
        return minute_words(minutes, language)
    return hour_words(hours, language)
