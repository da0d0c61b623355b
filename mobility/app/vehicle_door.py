"""Who may connect as a vehicle: by certificate over TLS 1.3, or by token on loopback."""

import ssl
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mobility.app.clock import SystemClock
from mobility.app.settings import Settings
from mobility.app.vehicle_side import KEYS_FOLDER
from mobility.core.errors import BadInputError
from mobility.core.ids import VehicleId
from v2x.edge.admission import Admission
from v2x.edge.authority import DevelopmentAuthority
from v2x.edge.revocation import RevocationLists
from v2x.edge.tls import gateway_context

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDoor:
    """How the vehicle listener lets vehicles in; without ``tls`` by token."""

    tls: ssl.SSLContext | None = None
    admission: Admission | None = None

    @property
    def scheme(self) -> str:
        """``wss`` or ``ws``."""
        return "wss" if self.tls is not None else "ws"

    @classmethod
    def of_authority(
        cls, authority: DevelopmentAuthority, hosts: tuple[str, ...], fleet: Collection[VehicleId]
    ) -> Self:
        """Let in the ``fleet``'s vehicles that this authority, or one it trusts, vouches for."""
        admission = Admission(
            clock=SystemClock(), revocations=authority.revocations(), is_known=lambda vehicle: vehicle in fleet
        )
        return cls(tls=authority.gateway_context(hosts), admission=admission)


def door_of(settings: Settings, fleet: Collection[VehicleId]) -> VehicleDoor:
    """Return the door that the settings describe.

    Raises ``BadInputError`` for files that can not be read, and rather than listen to the world without certificates.
    """
    own = settings.vehicle_tls
    if own is not None:
        context = gateway_context(certificate=own.certificate, key=own.key, authorities=own.authorities)
        revocations = RevocationLists(own.authorities, lambda: own.revocations)
        admission = Admission(clock=SystemClock(), revocations=revocations, is_known=lambda vehicle: vehicle in fleet)
        return VehicleDoor(tls=context, admission=admission)
    folder: Path = settings.data_dir / KEYS_FOLDER
    if (folder / "authority.pem").is_file():
        hosts = tuple(dict.fromkeys((*settings.vehicle_hosts, "localhost", "127.0.0.1")))
        return VehicleDoor.of_authority(DevelopmentAuthority.open(folder, SystemClock()), hosts, fleet)
    if settings.host not in _LOOPBACK:
        raise BadInputError(
            "vehicles from outside need certificates: run `mobility vehicle enrol`, or name the operator's own",
            field="vehicle_tls",
        )
    return VehicleDoor()
