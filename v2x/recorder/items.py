"""The thirteen data items of StVG §1g(1), and which of them a sample carries."""

from enum import IntEnum

from mobility.core.ports import TelemetryRecord
from mobility.core.vehicle import DrivingMode
from v2x.extension import Extension


class Item(IntEnum):
    """A data item by its number in StVG §1g(1); formats follow AFGBV Anlage 2."""

    VIN = 1
    POSITION = 2
    AUTOMATION = 3
    """Number and times of use, activation and deactivation of the automated driving function."""
    MANOEUVRES = 4
    """Number and times of released manoeuvres."""
    SYSTEM = 5
    """System monitoring with software version."""
    ENVIRONMENT = 6
    NETWORK = 7
    SAFETY_SYSTEMS = 8
    ACCELERATION = 9
    SPEED = 10
    LIGHTS = 11
    SUPPLY = 12
    COMMANDS = 13
    """Commands and information sent to the vehicle."""

    @property
    def bit(self) -> int:
        """The item's bit in a mask of what was present."""
        return 1 << (self - 1)


RECORD_BIT = 1 << 15
"""Set wherever there is any record."""
REST_BIT = 1 << 14
"""Set where the computer was switched off: until the next record nothing is expected."""

FROM_THE_LEDGER = frozenset({Item.MANOEUVRES, Item.COMMANDS})
"""Known from facts of the ledger; no sample carries them."""

SLOW = frozenset({Item.VIN, Item.SYSTEM, Item.ENVIRONMENT, Item.NETWORK})
"""A vehicle sends these when they changed and once a minute."""

SWITCHED = frozenset({Item.SAFETY_SYSTEMS})
"""A vehicle may send these only when they are switched: what was told stands until then."""

SAMPLE_HOLDS_S = 2
"""A value of a sample stands for its second and the next one, so that a period of 1 s may fall beside the second."""
SLOW_HOLDS_S = 65
"""A value sent once a minute stands for that minute and 5 s."""
SWITCHED_HOLDS_S = 25 * 3600
"""A state that is told when it changes stands for the rest of the day."""

FULLY_FITTED_LEVEL = 4
"""From this SAE level on the law asks for every item; below it a vehicle has what it was heard to send."""


def holds_s(item: Item) -> int:
    """Return for how many seconds a value of the item stands, its own second included."""
    if item in SWITCHED:
        return SWITCHED_HOLDS_S
    return SLOW_HOLDS_S if item in SLOW else SAMPLE_HOLDS_S


def mask_of(record: TelemetryRecord, extension: Extension | None) -> int:
    """Return the bits of the items that a record carries, with ``RECORD_BIT``."""
    sample = record.sample
    mask = RECORD_BIT | _POSITION
    if sample.mode is not DrivingMode.UNKNOWN:
        mask |= _AUTOMATION
    if sample.speed_mps is not None:
        mask |= _SPEED
    return mask if extension is None else mask | _extended(extension)


def fitted(sae_level: int, heard: int) -> frozenset[Item]:
    """Return the items a vehicle is expected to have: all from level 4 on, else those among the bits ``heard``."""
    if sae_level >= FULLY_FITTED_LEVEL:
        return frozenset(Item)
    return frozenset(item for item in Item if heard & item.bit)


def _extended(extension: Extension) -> int:
    mask = REST_BIT if extension.goes_to_rest else 0
    if extension.vin:
        mask |= Item.VIN.bit
    if extension.system is not None:
        mask |= Item.SYSTEM.bit
    if extension.environment is not None:
        mask |= Item.ENVIRONMENT.bit
    if extension.link is not None:
        mask |= _NETWORK
    if extension.safety_systems:
        mask |= Item.SAFETY_SYSTEMS.bit
    if extension.acceleration_long_mps2 is not None and extension.acceleration_lat_mps2 is not None:
        mask |= _ACCELERATION
    if extension.lights_on is not None:
        mask |= _LIGHTS
    if extension.supply_v is not None:
        mask |= _SUPPLY
    return mask


_POSITION = Item.POSITION.bit
_AUTOMATION = Item.AUTOMATION.bit
_SPEED = Item.SPEED.bit
_ACCELERATION = Item.ACCELERATION.bit
_LIGHTS = Item.LIGHTS.bit
_SUPPLY = Item.SUPPLY.bit
_NETWORK = Item.NETWORK.bit
