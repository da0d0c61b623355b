"""Every refusal has a sentence in German and in English, and both are proper text."""

import re

import pytest

from mobility.app.wording import sentence, sentences
from mobility.core.refusal import Refusal, RefusalCode


@pytest.mark.parametrize("code", list(RefusalCode))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_refusal_code_has_a_whole_sentence(code: RefusalCode, language: str) -> None:
    text = sentences()[code][language]
    assert re.match(r"[A-ZÄÖÜ{„“]", text), text
    assert text.endswith((".", "?")), text


@pytest.mark.parametrize("code", list(RefusalCode))
def test_both_languages_use_the_same_parameters(code: RefusalCode) -> None:
    german, english = (set(re.findall(r"{(\w+)", sentences()[code][language])) for language in ("de", "en"))
    assert german == english


@pytest.mark.parametrize("code", list(RefusalCode))
def test_a_refusal_without_its_parameters_still_gives_a_sentence(code: RefusalCode) -> None:
    assert sentence(Refusal(code), "de").endswith((".", "?"))


@pytest.mark.parametrize("code", list(RefusalCode))
def test_german_is_written_with_umlauts(code: RefusalCode) -> None:
    text = sentences()[code]["de"]
    assert not re.search(
        r"\b(fuer|ueber|koennen|moeglich|spaeter|frueh|naechst\w*|zurueck|waehlen)\b", text, re.IGNORECASE
    )
