"""What the ledger says of a frozen occasion: the hash of its newest revision stands in the ledger's own chain."""

from mobility.core.errors import CorruptionError
from mobility.core.events import OccasionFrozen
from mobility.core.ports import FrozenOccasion


def check_anchor(frozen: FrozenOccasion | None, anchor: OccasionFrozen | None) -> None:
    """Raise ``CorruptionError`` where a revision is older than the ledger says, has other bytes, or is gone.

    A newer one is sound: the process ended after it was kept and before the ledger knew.
    """
    if anchor is None:
        return
    if frozen is None:
        raise CorruptionError(
            f"the ledger knows revision {anchor.revision} of {anchor.occasion_id}, and none is kept: deleted or lost"
        )
    if frozen.revision > anchor.revision:
        return
    if frozen.revision < anchor.revision:
        raise CorruptionError(
            f"of {frozen.occasion_id} revision {frozen.revision} is kept, the ledger knows {anchor.revision}"
        )
    if frozen.sha256 != anchor.sha256:
        raise CorruptionError(f"revision {frozen.revision} of {frozen.occasion_id} is not the one the ledger knows")
