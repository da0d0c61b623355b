"""Where a form was sent from, as the browser says (W3C, "Fetch Metadata Request Headers", ``Sec-Fetch-Site``)."""

_OURS = frozenset({"", "same-origin", "none"})
"""A browser that does not say counts as ours: it is older than the header."""


def is_foreign(fetch_site: str) -> bool:
    """Return whether a page of somebody else sent it, by the header's value; empty where there is no header."""
    return fetch_site not in _OURS
