"""Films in sign language that go with what boards say: which film for which reason, as the operator's settings tell.

A key is ``alert:<id>`` for one alert, the name of an alert's template or effect, or the state of a departure
(``cancelled``, ``unknown``, ``skipped``, ``wait``). ``<key>.poster`` names a still picture of the same film.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobility.core.alert import Alert

_POSTER = ".poster"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignVideo:
    """A film in sign language."""

    url: str
    poster: str = ""
    """Address of a still picture; empty for none."""


def sign_videos(addresses: Mapping[str, str]) -> Mapping[str, SignVideo]:
    """Return films by key; addresses that are no web pages of any host are left out: they end up in links."""
    return {
        key: SignVideo(url=url, poster=_address(addresses.get(f"{key}{_POSTER}", "")))
        for key, url in addresses.items()
        if not key.endswith(_POSTER) and _address(url)
    }


def video_of_alert(videos: Mapping[str, SignVideo], alert: Alert) -> SignVideo | None:
    """Return the film of an alert: its own, else that of its template, else that of its effect."""
    return first_video(videos, (f"alert:{alert.alert_id}", alert.template, alert.effect.value))


def first_video(videos: Mapping[str, SignVideo], keys: Sequence[str]) -> SignVideo | None:
    """Return the first film that one of ``keys`` has, ``None`` without one."""
    return next((videos[key] for key in keys if key in videos), None)


def _address(url: str) -> str:
    is_own = url.startswith("/") and not url.startswith("//")
    return url if is_own or url.startswith(("https://", "http://")) else ""
