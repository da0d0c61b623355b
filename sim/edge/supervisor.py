"""The supervisor in the control room: watches while automated vans drive, and decides what they ask."""

from collections.abc import Callable
from typing import Any

from mobility.core.clock import Clock
from sim.chance import Chance
from sim.edge.public_api import PublicApi

LOOK_EVERY_S = 3.0
"""How often the supervisor looks at the screen while somebody drives automated; assumed."""
_QUICKEST_S, _SLOWEST_S = 3.0, 12.0
"""From seeing a request to the decision; assumed."""
_REFUSED_SHARE = 0.1
"""Share of requests that are refused because the picture is not clear; assumed."""


class Supervisor:
    """Decides through the interface that every supervisor uses."""

    def __init__(self, api: PublicApi, *, clock: Clock, chance: Chance, is_anybody_out: Callable[[], bool]) -> None:
        """Look at the screen only while ``is_anybody_out``."""
        self._api = api
        self._clock = clock
        self._chance = chance
        self._is_anybody_out = is_anybody_out
        self._decided: set[str] = set()
        self.commands = 0
        """Commands that the server took."""

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self._clock.sleep(LOOK_EVERY_S)
            if not self._is_anybody_out():
                continue
            for asked in await self._api.open_manoeuvres():
                if asked["manoeuvre_id"] not in self._decided:
                    self._decided.add(asked["manoeuvre_id"])
                    await self._decide(asked)

    async def _decide(self, asked: dict[str, Any]) -> None:
        manoeuvre_id = asked["manoeuvre_id"]
        await self._clock.sleep(self._chance.between(_QUICKEST_S, _SLOWEST_S, manoeuvre_id, "reaction"))
        is_refused = self._chance.happens(_REFUSED_SHARE, manoeuvre_id, "refused")
        order = {
            "vehicle_id": asked["vehicle_id"],
            "manoeuvre_id": manoeuvre_id,
            "action": "refuse_manoeuvre" if is_refused else "release_manoeuvre",
            "reason": "Bild unklar, bitte vor Ort entscheiden." if is_refused else "Weg ist frei, Kamerabild geprüft.",
        }
        if asked["needs_cause"] and not is_refused:
            order |= {
                "cause": "Widersprüchliche Abstandswerte eines Sensors, vor Ort und im Bild kein Hindernis.",
                "necessity": "Das Fahrzeug steht auf der Fahrbahn und behindert den Verkehr.",
            }
        self.commands += await self._api.command(order, manoeuvre_id)
