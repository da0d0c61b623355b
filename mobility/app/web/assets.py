"""The built assets (console, fonts) by the names Vite's manifest gives them; absent ones leave pages complete."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mobility.core.errors import BadInputError

BUILT = Path(__file__).parents[1] / "static"
"""Where the console's build puts its files; served under ``/static``."""
HAND_WRITTEN = Path(__file__).parent / "static"
"""Style sheet and icon of all pages; served under ``/web``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a page loads for one entry of the build: addresses on this server."""

    script: str = ""
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """Addresses of style sheets and scripts. ``console`` is ``None`` where the build has not run."""

    style: str
    fonts: tuple[str, ...] = ()
    console: Entry | None = None


@cache
def web_file(name: str) -> str:
    """Return the address of a hand-written file; it changes with the file's content, so browsers may keep it."""
    return f"/web/{name}?v={hashlib.sha256((HAND_WRITTEN / name).read_bytes()).hexdigest()[:12]}"


def find_assets(built: Path = BUILT) -> Assets:
    """Read the manifest once; raises ``BadInputError`` for one that is there but broken."""
    style = web_file("style.css")
    manifest = built / ".vite" / "manifest.json"
    if not manifest.is_file():
        return Assets(style=style)
    try:
        chunks = json.loads(manifest.read_text(encoding="utf-8"))
        return Assets(
            style=style,
            fonts=_entry(chunks, "src/fonts.ts").styles,
            console=_entry(chunks, "src/main.ts"),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = "is no manifest of the console's build; build the console again"
        raise BadInputError(msg, source=str(manifest)) from error


def _entry(chunks: dict[str, Any], source: str) -> Entry:
    chunk = chunks[source]
    return Entry(script=f"/static/{chunk['file']}", styles=tuple(f"/static/{name}" for name in chunk.get("css", ())))
