"""The small feed that rules are tried on, as we and as the reference see it."""

from pathlib import Path

import pytest

from passenger_info.checker.static_view import StaticView
from tests.passenger_info.checker.reference import reference_feed
from tests.passenger_info.checker.small_feed import small_feed
from tests.passenger_info.checker.static_zip import view_of


@pytest.fixture(scope="module")
def schedule(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_feed(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="module")
def view(schedule: Path) -> StaticView:
    return view_of(schedule)


@pytest.fixture(scope="module")
def reference(schedule: Path):
    return reference_feed(schedule)
