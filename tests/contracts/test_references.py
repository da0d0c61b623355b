"""The contract of ``References``, tried on the generator of operation, the seeded one, and the fake."""

import random
import re

import pytest

from mobility.app.references import RandomReferences
from mobility.core.ports import References
from tests.fakes.references import CountingReferences

ADAPTERS = {
    "operation": lambda: RandomReferences(random.SystemRandom()),
    "seeded": lambda: RandomReferences(random.Random(1)),
    "fake": CountingReferences,
}


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS.keys())
def references(request: pytest.FixtureRequest) -> References:
    return request.param()


def test_no_two_are_alike(references: References) -> None:
    assert len({references.booking() for _ in range(500)}) == 500
    assert len({references.token() for _ in range(500)}) == 500


def test_a_token_is_32_hex_digits(references: References) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", references.token())


def test_a_booking_reference_is_short_and_stands_in_an_address_as_it_is(references: References) -> None:
    assert re.fullmatch(r"[A-Z0-9-]{5,8}", references.booking())


def test_what_is_read_aloud_has_no_letter_that_sounds_or_looks_like_another() -> None:
    drawn = "".join(RandomReferences(random.Random(7)).booking() for _ in range(2000))
    assert not set(drawn) & set("BIOSZ01258")


def test_the_same_seed_names_the_same_bookings() -> None:
    first, second = (RandomReferences(random.Random(3)) for _ in range(2))
    assert [first.booking() for _ in range(20)] == [second.booking() for _ in range(20)]
