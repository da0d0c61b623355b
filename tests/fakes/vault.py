"""A vault in memory."""

from itertools import count

from mobility.core.ids import RiderRef
from mobility.core.ports import Person


class MemoryVault:
    """Passes the contract of ``mobility.core.ports.Vault``; references count up: rider-1, rider-2."""

    def __init__(self) -> None:
        self._people: dict[RiderRef, Person] = {}
        self._numbers = count(1)

    async def put(self, person: Person) -> RiderRef:
        rider = RiderRef(f"rider-{next(self._numbers)}")
        self._people[rider] = person
        return rider

    async def get(self, rider: RiderRef) -> Person | None:
        return self._people.get(rider)

    async def erase(self, rider: RiderRef) -> bool:
        return self._people.pop(rider, None) is not None
