"""What an authority has signed: one entry a certificate, kept until long after its end."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, Self

from cryptography import x509

from mobility.core.clock import Instant, instant
from mobility.core.errors import BadInputError
from v2x.edge.key_files import write_public

NAME = "issued.json"
_KEPT_MS = 90 * 86_400_000
"""An entry is forgotten so long after its certificate ended, when a later one is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One certificate."""

    serial: int
    kind: Literal["vehicle", "gateway"]
    name: str
    """Vehicle id, or the gateway's first host."""
    hosts: tuple[str, ...] = ()
    not_before: Instant
    not_after: Instant
    revoked_at: Instant | None = None

    @classmethod
    def of(
        cls, made: x509.Certificate, *, kind: Literal["vehicle", "gateway"], name: str, hosts: tuple[str, ...] = ()
    ) -> Self:
        """Return the entry of a certificate."""
        return cls(
            serial=made.serial_number,
            kind=kind,
            name=name,
            hosts=hosts,
            not_before=instant(made.not_valid_before_utc),
            not_after=instant(made.not_valid_after_utc),
        )

    @property
    def serial_hex(self) -> str:
        """The serial number as people are shown it."""
        return f"{self.serial:x}"

    def is_of(self, vehicle_id: str) -> bool:
        """Whether it is the vehicle's."""
        return self.kind == "vehicle" and self.name == vehicle_id

    def is_meant_by(self, name: str) -> bool:
        """Whether ``name`` is the vehicle's id, or this serial number in hex."""
        return self.is_of(name) or self.serial_hex == name.replace(":", "").lower().lstrip("0")

    def revoked(self, now: Instant) -> Self:
        """Return the entry as revoked at ``now``."""
        return replace(self, revoked_at=now)

    def standing(self, now: Instant) -> Literal["valid", "expired", "revoked"]:
        """Return what the certificate is worth at ``now``."""
        if self.revoked_at is not None:
            return "revoked"
        return "valid" if now <= self.not_after else "expired"


def read_issued(directory: Path) -> list[Issued]:
    """Return all entries, oldest first; raises ``BadInputError`` when the file is damaged."""
    file = directory / NAME
    if not file.exists():
        return []
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
        return [Issued(**{**row, "serial": int(row["serial"], 16), "hosts": tuple(row["hosts"])}) for row in rows]
    except (ValueError, TypeError, KeyError) as error:
        raise BadInputError(f"is damaged: {error}", source=str(file)) from error


def write_issued(directory: Path, entries: Sequence[Issued]) -> None:
    """Replace the entries, durably."""
    newest = max((entry.not_before for entry in entries), default=0)
    kept = [asdict(entry) | {"serial": entry.serial_hex} for entry in entries if entry.not_after + _KEPT_MS > newest]
    write_public(directory / NAME, (json.dumps(kept, indent=1) + "\n").encode())
