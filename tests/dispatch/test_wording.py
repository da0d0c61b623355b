"""Every word exists in both languages and every gap is filled."""

import string
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.page_texts import BOOK
from dispatch.ride_texts import DRIVE, RIDE
from dispatch.route import REFUSED_BY
from dispatch.wording import REFUSALS, sentence
from mobility.core.refusal import Refusal, RefusalCode


def gaps(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("code", list(REFUSALS))
def test_a_refusal_has_the_same_gaps_in_both_languages(code: RefusalCode) -> None:
    assert set(REFUSALS[code]) == {"de", "en"}
    assert gaps(REFUSALS[code]["de"]) == gaps(REFUSALS[code]["en"])


@pytest.mark.parametrize("texts", [BOOK, RIDE, DRIVE])
def test_a_page_has_every_text_in_both_languages(texts: Mapping[str, Mapping[str, str]]) -> None:
    assert texts["de"].keys() == texts["en"].keys()
    for key, german in texts["de"].items():
        assert gaps(german) == gaps(texts["en"][key]), key
        assert german.strip()


def test_every_constraint_of_a_route_has_a_sentence() -> None:
    assert all(code in REFUSALS for code in REFUSED_BY.values())


@given(st.sampled_from(list(REFUSALS)), st.sampled_from(["de", "en"]))
def test_a_sentence_never_fails_for_want_of_a_parameter(code: RefusalCode, language: str) -> None:
    assert sentence(Refusal(code), language).endswith((".", ").", "…", "!"))
