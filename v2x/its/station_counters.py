"""What raw ITS input counted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from v2x.its.errors import ItsErrorKind
from v2x.its.security_trust import TrustState


@dataclass(slots=True, kw_only=True)
class ItsCounters:
    """Counted since the start; every frame is in ``messages``, ``refused`` or ``dropped``."""

    messages: Counter[str] = field(default_factory=Counter)
    """Decoded, by name of the message."""
    refused: Counter[ItsErrorKind] = field(default_factory=Counter)
    """Not decoded, by reason; their bytes are quarantined."""
    trust: Counter[TrustState] = field(default_factory=Counter)
    """Decoded, by what is known of their origin."""
    records: int = 0
    """CAM of the fleet, handed to the gateway."""
    strangers: int = 0
    """CAM of stations that are not of the fleet."""
    own: int = 0
    """CAM that a vehicle of the fleet sent along with its own telemetry; nothing more is made of them."""
    distrusted: int = 0
    """Messages not used: refuted, or unverified where a signature is asked for."""
    unusable: int = 0
    """CAM and DENM without a position, or with a time that can not be."""
    hazard_news: int = 0
    """DENM that were more than a repetition."""
    dropped: int = 0
    """Frames thrown away unread because too many waited."""

    def as_mapping(self) -> Mapping[str, int]:
        """Return all as flat names, for metrics and pages."""
        flat = {f"messages_{name.lower()}": count for name, count in sorted(self.messages.items())}
        flat |= {f"refused_{kind}": count for kind, count in sorted(self.refused.items())}
        flat |= {f"trust_{state}": count for state, count in sorted(self.trust.items())}
        names = ("records", "strangers", "own", "distrusted", "unusable", "hazard_news", "dropped")
        return flat | {name: getattr(self, name) for name in names}
