"""Forms from other people's pages are told from our own by what the browser says."""

import pytest

from mobility.core.fetch_site import is_foreign


@pytest.mark.parametrize(
    ("said", "expected"),
    [("", False), ("same-origin", False), ("none", False), ("same-site", True), ("cross-site", True), ("?", True)],
)
def test_only_our_own_pages_and_old_browsers_are_ours(said: str, expected: bool) -> None:
    assert is_foreign(said) is expected
