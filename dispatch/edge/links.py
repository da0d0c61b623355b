"""Signed links: who has the key of a booking may see and cancel it. No account, no password."""

from itsdangerous import BadData, URLSafeSerializer

from mobility.core.ids import BookingId


class RideLinks:
    """Makes and checks the key of a booking's link. The same booking always has the same key."""

    def __init__(self, signer: URLSafeSerializer) -> None:
        """Sign with ``signer``."""
        self._signer = signer

    def key(self, reference: BookingId) -> str:
        """Return the key of a booking."""
        return str(self._signer.dumps(reference))

    def link(self, reference: BookingId) -> str:
        """Return the path of a booking's page with its key."""
        return f"/ride/{reference}?key={self.key(reference)}"

    def opens(self, reference: str, key: str) -> bool:
        """Return whether ``key`` was made for this booking; ``False`` for anything else, whatever it is."""
        try:
            return bool(self._signer.loads(key) == reference)
        except (BadData, ValueError):
            return False
