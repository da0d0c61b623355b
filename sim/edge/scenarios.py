"""Scenarios on disk: those shipped with the simulator by name, others by path."""

from pathlib import Path

from mobility.core.errors import BadInputError
from sim.scenario import Scenario, parse_scenario

_SHIPPED = Path(__file__).parents[1] / "scenarios"


def load_scenario(name: str) -> Scenario:
    """Return a shipped scenario (``ilmenau``) or one from a file; raises ``BadInputError`` naming the file."""
    path = _SHIPPED / f"{name}.toml" if name in shipped_scenarios() else Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        known = ", ".join(shipped_scenarios())
        raise BadInputError(f"can not be read ({error.strerror}); shipped are: {known}", source=name) from error
    except UnicodeDecodeError as error:
        raise BadInputError("is no UTF-8 text", source=name) from error
    return parse_scenario(text, source=str(path.name))


def shipped_scenarios() -> tuple[str, ...]:
    """Return the names of all scenarios that come with the simulator."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))
