"""What the pages of dispatch share: reading forms, clock times, stops by village, answers with the right status."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from dispatch.edge.service import Dispatch
from mobility.core.booking import Load, Window
from mobility.core.clock import Instant, datetime_at
from mobility.core.ids import StopId
from mobility.core.place import Stop

_MOST_FIELDS = 60


class Pages:
    """Renders templates with the service at hand."""

    def __init__(self, dispatch: Dispatch, templates: Jinja2Templates) -> None:
        """Render for ``dispatch``."""
        self.dispatch = dispatch
        self._templates = templates
        self._zone = ZoneInfo(dispatch.region.zone)

    def page(self, request: Request, template: str, context: Mapping[str, Any], *, status: int = 200) -> Response:
        """Return a page; it is never kept by a cache, because it may show personal data."""
        answer = self._templates.TemplateResponse(
            request, f"dispatch/{template}.html", {"clock": self.clock, **context}, status_code=status
        )
        answer.headers["cache-control"] = "no-store"
        answer.headers["referrer-policy"] = "same-origin"
        return answer

    def clock(self, at: Instant) -> str:
        """Return the local clock time, e.g. ``14:07``."""
        return f"{datetime_at(at, self._zone):%H:%M}"

    def span(self, window: Window, *, names: tuple[str, str] = ("p0", "p1")) -> dict[str, str]:
        """Return both ends of a window as clock times, to fill the gaps of a sentence."""
        return {names[0]: self.clock(window.earliest), names[1]: self.clock(window.latest)}

    def stops_by_village(self, stops: Sequence[StopId]) -> list[tuple[str, list[Stop]]]:
        """Return villages with their stops, both in alphabetical order."""
        known = sorted((self.dispatch.region.stops[stop] for stop in stops), key=lambda s: (s.locality, s.name))
        return [(village, list(group)) for village, group in groupby(known, key=lambda stop: stop.locality)]

    def stop_name(self, stop_id: StopId) -> str:
        """Return what a stop is called."""
        return self.dispatch.region.stops[stop_id].name


async def read_form(request: Request) -> dict[str, str]:
    """Return the text fields of a form; files are ignored, the last of equal names counts."""
    async with request.form(max_fields=_MOST_FIELDS, max_files=1) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def see_other(path: str) -> Response:
    """Return the redirect after a successful form, so that reloading does not send it again."""
    return RedirectResponse(path, status_code=303, headers={"cache-control": "no-store"})


def people(load: Load, texts: Mapping[str, str], *, prefix: str = "") -> str:
    """Return who travels with what, e.g. ``2 seated, 1 pram``; ``texts`` name one and several of each."""
    counts = (("seat", load.seats), ("wheelchair", load.wheelchairs), ("pram", load.prams), ("piece", load.luggage))
    keys = [(f"{prefix}{name}" if count == 1 else f"{prefix}{name}s", count) for name, count in counts if count]
    parts = [texts[key].format(n=count) for key, count in keys]
    return ", ".join(parts)


def euros(cents: int, language: str, free: str) -> str:
    """Return a fare as people write it: ``2,00 €`` or ``€2.00``; ``free`` for nothing."""
    if cents == 0:
        return free
    whole, rest = divmod(cents, 100)
    return f"{whole},{rest:02d} €" if language == "de" else f"€{whole}.{rest:02d}"
