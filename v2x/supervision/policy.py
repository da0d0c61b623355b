"""What the operator decides about commands: how long each holds, which need a second person, which vehicle gets which.

The vehicle knows the same policy and refuses what does not keep to it, so that a gateway in foreign hands can not
loosen it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mobility.core.supervision import CommandAction
from mobility.core.vehicle import DrivingMode

LONGEST_MANOEUVRE_LIFETIME_S = 2.0
"""A decision about what the vehicle does now is worth nothing once the scene has changed."""
LONGEST_LIFETIME_S = 30.0
"""Of everything else: a route, a call, an announcement."""
_AUTONOMOUS_LEVEL = 4

MANOEUVRE_ACTIONS = frozenset({CommandAction.RELEASE_MANOEUVRE, CommandAction.REFUSE_MANOEUVRE})
"""Those that answer a vehicle's request."""
IMMEDIATE_ACTIONS = MANOEUVRE_ACTIONS | {CommandAction.STOP_AT_NEXT_SAFE_PLACE, CommandAction.DEACTIVATE}
"""Those that hold at most two seconds."""
AT_ONCE_ACTIONS = frozenset({CommandAction.STOP_AT_NEXT_SAFE_PLACE, CommandAction.DEACTIVATE})
"""Those that nothing may hold up, neither a missing reason nor a second person (StVG §1f(2) no. 2: at once)."""

LEAST_LEVEL: Mapping[CommandAction, int] = MappingProxyType(
    {
        CommandAction.RELEASE_MANOEUVRE: _AUTONOMOUS_LEVEL,
        CommandAction.REFUSE_MANOEUVRE: _AUTONOMOUS_LEVEL,
        CommandAction.STOP_AT_NEXT_SAFE_PLACE: _AUTONOMOUS_LEVEL,
        CommandAction.DEACTIVATE: _AUTONOMOUS_LEVEL,
        CommandAction.PROPOSE_ROUTE: _AUTONOMOUS_LEVEL,
        CommandAction.OPEN_SUPPORT_CALL: 0,
        CommandAction.ANNOUNCE: 0,
    }
)
"""SAE level from which on a vehicle takes an action: below level 4 the person aboard decides (StVG §1f)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's decisions, within the bounds of this file."""

    approved_actions: frozenset[CommandAction] = frozenset({CommandAction.PROPOSE_ROUTE})
    """Which need a second person (OWASP ASVS 5.0 2.3.5)."""
    approves_leaving_minimal_risk: bool = False
    """Whether the release from the minimal-risk condition needs a second person as well."""
    manoeuvre_lifetime_s: float = LONGEST_MANOEUVRE_LIFETIME_S
    """From signing to the end of force, of ``IMMEDIATE_ACTIONS``."""
    lifetime_s: float = LONGEST_LIFETIME_S
    """Of all others."""
    approval_wait_s: float = 120.0
    """How long a proposed command waits for its second person before it lapses."""

    def __post_init__(self) -> None:
        """Refuse lifetimes that are too long with ``ValueError``."""
        if not 0 < self.manoeuvre_lifetime_s <= LONGEST_MANOEUVRE_LIFETIME_S:
            msg = f"a manoeuvre command holds at most {LONGEST_MANOEUVRE_LIFETIME_S} s, not {self.manoeuvre_lifetime_s}"
            raise ValueError(msg)
        if not 0 < self.lifetime_s <= LONGEST_LIFETIME_S:
            msg = f"a command holds at most {LONGEST_LIFETIME_S} s, not {self.lifetime_s}"
            raise ValueError(msg)
        if self.approval_wait_s <= 0:
            msg = f"a second person needs time, not {self.approval_wait_s} s"
            raise ValueError(msg)

    def lifetime_ms(self, action: CommandAction) -> int:
        """Return how long a command holds, milliseconds."""
        longest_s = self.manoeuvre_lifetime_s if action in IMMEDIATE_ACTIONS else self.lifetime_s
        return round(longest_s * 1000)

    def needs_approval(self, action: CommandAction, mode: DrivingMode) -> bool:
        """Return whether a second person has to approve ``action`` on a vehicle in ``mode``."""
        if action in self.approved_actions:
            return True
        return self.approves_leaving_minimal_risk and leaves_minimal_risk(action, mode)


def leaves_minimal_risk(action: CommandAction, mode: DrivingMode) -> bool:
    """Return whether ``action`` lets a vehicle in ``mode`` out of the minimal-risk condition (AFGBV §14(3))."""
    return action is CommandAction.RELEASE_MANOEUVRE and mode is DrivingMode.MINIMAL_RISK
