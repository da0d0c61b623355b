"""The gates of all profiles: one for the entities of each, and one for each of its full datasets.

Nobody reads a profile whose feed passed no gate. What is the same in several profiles and feeds is judged once.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mobility.core.clock import Instant
from passenger_info.checker.checker import Checker
from passenger_info.checker.finding import RuleFinding
from passenger_info.checker.gate import Gate
from passenger_info.checker.right import Right
from passenger_info.checker.static_view import StaticView
from passenger_info.profiles import PROFILES, Profile

TellOf = Callable[[str, RuleFinding], None]
"""Takes the name of a profile, and a finding for which something was kept back in it; for a log."""
_ENTITIES = ""


@dataclass(slots=True)
class Gates:
    """Gates by profile, each made when it is first asked for."""

    static: StaticView
    told: TellOf | None = None
    _right: Right = field(default_factory=Right)
    _gates: dict[tuple[str, str], Gate] = field(default_factory=dict)

    def of_entities(self, profile: Profile) -> Gate:
        """Return what says whether an entity may be published in a profile, by itself and beside the others."""
        return self._gate(profile, _ENTITIES)

    def of_feed(self, profile: Profile, kind: str) -> Callable[[bytes, Instant], bool]:
        """Return what says whether a full dataset of a kind may be sent in a profile."""
        return self._gate(profile, kind).may_send

    @property
    def refused(self) -> Mapping[str, Mapping[str, int]]:
        """How often something was kept back, by profile and rule."""
        found = {name: Counter[str]() for name in PROFILES}
        for (name, _), gate in self._gates.items():
            found.setdefault(name, Counter()).update(gate.refused)
        return {name: dict(sorted(rules.items())) for name, rules in found.items()}

    def _gate(self, profile: Profile, kind: str) -> Gate:
        gate = self._gates.get((profile.name, kind))
        if gate is None:
            told = None if self.told is None else _telling(self.told, profile.name)
            gate = Gate(Checker(self.static, profile.excused, self._right), told=told)
            self._gates[profile.name, kind] = gate
        return gate


def _telling(told: TellOf, name: str) -> Callable[[RuleFinding], None]:
    return lambda finding: told(name, finding)
