"""Templates of all pages: one environment over the shared layout and each room's own templates."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, Undefined
from starlette.requests import Request
from starlette.templating import Jinja2Templates

from mobility.app.web import wording
from mobility.app.web.assets import Assets, find_assets, web_file
from mobility.app.web.language import LANGUAGES, languages_at, path_with_language, plain_language
from mobility.app.web.navigation import desk_of
from mobility.core.clock import Clock, datetime_at
from mobility.core.dates import long_date

_OWN_TEMPLATES = Path(__file__).parent / "templates"


class _UnprintableUndefined(Undefined):
    """May be tested (``if error``), may not be shown: a page never has a silent hole."""

    def __str__(self) -> str:
        return str(self._fail_with_undefined_error())


def page_templates(
    *,
    clock: Clock,
    zone: tzinfo,
    is_demo: bool,
    room_packages: Sequence[str],
    region_name: str = "",
    help_phone: str = "",
    has_assumptions: bool = False,
    has_desk: bool = False,
    assets: Assets | None = None,
) -> Jinja2Templates:
    """Return the templates every page is rendered with.

    ``room_packages`` are the packages whose ``edge/templates`` are searched, e.g. ``("passenger_info", "dispatch")``.
    Each template gets ``language``, ``now`` (aware, in ``zone``), ``is_demo``, ``path_with_language(language)``,
    ``desk`` (the dispatcher's page, empty where this reader has none),
    and for the layout ``layout`` (its wording), ``assets``, ``region_name``, ``help_phone`` and
    ``has_assumptions`` (whether ``/sources`` names assumed facts).
    Filters: ``clock_time`` (``14:07``) and ``long_date`` (with weekday, in the page's language). ``web_file(name)`` is
    the address of a hand-written file, e.g. a page's own style sheet.
    """
    found = assets or find_assets()

    def context(request: Request) -> dict[str, Any]:
        language = language_of(request)
        return {
            "language": language,
            "languages": languages_at(request.url.path),
            "now": datetime_at(clock.now(), zone),
            "is_demo": is_demo,
            "path_with_language": partial(path_with_language, request.url.path, request.url.query),
            "layout": wording.LAYOUT[language],
            "assets": found,
            "region_name": region_name,
            "help_phone": help_phone,
            "has_assumptions": has_assumptions,
            "desk": desk_of(request) if has_desk else "",
        }

    return Jinja2Templates(env=_environment(room_packages), context_processors=[context])


def language_of(request: Request) -> str:
    """Return the request's language, German where no middleware has set one."""
    language = getattr(request.state, "language", LANGUAGES[0])
    return language if language in LANGUAGES else LANGUAGES[0]


def clock_time(moment: datetime) -> str:
    """Return the 24-hour clock time: ``07:40``."""
    return f"{moment:%H:%M}"


def _long_date(day: date, language: str) -> str:
    return long_date(day, plain_language(language))


def phone_link(number: str) -> str:
    """Return the ``tel:`` address of a number as people write it; empty where the text holds no number."""
    dialled = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"tel:{dialled}" if any(sign.isdigit() for sign in dialled) else ""


def _environment(room_packages: Sequence[str]) -> Environment:
    folders = [_OWN_TEMPLATES, *(Path(str(files(package))) / "edge" / "templates" for package in room_packages)]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=_UnprintableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: Mapping[str, Any] = {"clock_time": clock_time, "long_date": _long_date, "phone_link": phone_link}
    environment.filters.update(filters)
    environment.globals["web_file"] = web_file
    return environment
