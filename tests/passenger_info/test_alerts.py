"""Alerts: what may be published, how templates fill themselves, and how riders see and hear them."""

import re
from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobility.core.alert import Alert, AlertCause, AlertEffect, AlertPeriod, AlertRecord, AlertSeverity
from mobility.core.clock import Instant, instant, shifted
from mobility.core.events import Envelope, Event
from mobility.core.fold import State, fold
from mobility.core.ids import AlertId, LineChangeId, RouteId, StopId, TripId
from mobility.core.line_change import LineChange, LineChangeKind
from mobility.core.line_events import AlertPublished, AlertWithdrawn, LineChanged
from mobility.core.refusal import Refusal, RefusalCode
from mobility.core.vehicle import TripRef
from passenger_info.alert_decide import missing_languages, published, revised, withdrawn
from passenger_info.alert_draft import Typed, draft_of, typed_from
from passenger_info.alert_phrases import CAUSES, PHRASES
from passenger_info.alert_templates import USUAL, About, Template, TripName, filled
from passenger_info.alert_texts import refusal_sentence
from passenger_info.alert_times import MomentFault, local_moment, typed
from passenger_info.alert_view import LANGUAGES, SYMBOLS, alert_view, symbol_of
from passenger_info.alert_words import WORDS, period_sentence
from tests.passenger_info.alert_room import EXTRA, alert, text
from tests.passenger_info.day import DAY, ONE_HOUR, ZONE, at, timetable_of

BERLIN = ZoneInfo(ZONE)
NOW = at("07:40")
HOUR = 3600.0


@pytest.fixture(scope="module")
def timetable(tmp_path_factory):
    return timetable_of(ONE_HOUR, tmp_path_factory.mktemp("feed"))


def happened(events: list[Event] | Refusal, state: State | None = None) -> State:
    assert not isinstance(events, Refusal), events
    before = state or State()
    seqs = count(before.seq + 1)
    return fold(before, [Envelope(seq=next(seqs), recorded_at=NOW, actor="dispatcher", body=e) for e in events])


def code(outcome: object) -> RefusalCode:
    assert isinstance(outcome, Refusal), outcome
    for language in ("de", "en"):
        said = refusal_sentence(outcome, language)
        assert "…" not in said, said
    return outcome.code


def test_an_alert_is_published_with_german_first_and_without_empty_languages(timetable) -> None:
    texts = (text("en", "Line D", "Strike."), text("de-simple", "", ""), text())
    done = published(timetable, State(), alert(texts=texts), NOW)
    assert isinstance(done, list)
    (fact,) = done
    assert isinstance(fact, AlertPublished)
    assert [each.language for each in fact.alert.texts] == ["de", "en"]
    assert missing_languages(fact.alert.texts) == ("de-simple",)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"texts": (text("en"),)}, RefusalCode.ALERT_NEEDS_GERMAN),
        ({"texts": (text(description=" "),)}, RefusalCode.ALERT_NEEDS_GERMAN),
        ({"texts": (text(), text("en", "Line D", ""))}, RefusalCode.INVALID_INPUT),
        ({"texts": (text(), text())}, RefusalCode.INVALID_INPUT),
        ({"texts": (text(), text("fr"))}, RefusalCode.INVALID_INPUT),
        ({"texts": (text(header="x" * 121),)}, RefusalCode.INVALID_INPUT),
        ({"routes": ()}, RefusalCode.ALERT_NAMES_NOTHING),
        ({"routes": (RouteId("X"),)}, RefusalCode.UNKNOWN_ROUTE),
        ({"stops": (StopId("../x"),)}, RefusalCode.UNKNOWN_STOP),
        ({"trips": (TripRef(TripId("D9"), DAY),)}, RefusalCode.UNKNOWN_TRIP),
        ({"trips": (TripRef(TripId("D1"), date(2026, 1, 1)),)}, RefusalCode.TRIP_NOT_ON_DAY),
        ({"trips": (EXTRA,)}, RefusalCode.UNKNOWN_TRIP),
        ({"communication": AlertPeriod(at("09:00"), at("08:00"))}, RefusalCode.PERIOD_BACKWARDS),
        ({"impact": (AlertPeriod(at("09:00"), at("09:00")),)}, RefusalCode.PERIOD_BACKWARDS),
        ({"communication": AlertPeriod(None, NOW)}, RefusalCode.PERIOD_OVER),
        (
            {"communication": AlertPeriod(None, at("09:00")), "impact": (AlertPeriod(at("08:00"), None),)},
            RefusalCode.IMPACT_UNSEEN,
        ),
        (
            {"communication": AlertPeriod(at("08:00"), None), "impact": (AlertPeriod(at("07:50"), at("09:00")),)},
            RefusalCode.IMPACT_UNSEEN,
        ),
        ({"url": "javascript:alert(1)"}, RefusalCode.INVALID_INPUT),
        ({"url": "https://"}, RefusalCode.INVALID_INPUT),
        ({"url": "http://[broken"}, RefusalCode.INVALID_INPUT),
    ],
)
def test_what_would_mislead_riders_or_break_the_feed_is_refused(timetable, more, expected) -> None:
    assert code(published(timetable, State(), alert(**more), NOW)) is expected


def test_an_alert_may_name_an_extra_trip(timetable) -> None:
    extra = LineChange(
        change_id=LineChangeId("x"), kind=LineChangeKind.EXTRA, begins=NOW, trips=(EXTRA,), pattern_of=TripId("D1")
    )
    state = happened([LineChanged(change=extra)])
    assert isinstance(published(timetable, state, alert(trips=(EXTRA,)), NOW), list)


def test_an_alert_is_revised_and_withdrawn_and_stays_on_record(timetable) -> None:
    state = happened(published(timetable, State(), alert(), NOW))
    newer = alert(texts=(text(header="Linie D fährt wieder"),))
    state = happened(revised(timetable, state, newer, NOW), state)
    assert state.alerts[AlertId("a1")].alert.texts[0].header == "Linie D fährt wieder"
    assert code(withdrawn(state, AlertId("a1"), " ")) is RefusalCode.REASON_NEEDED
    done = withdrawn(state, AlertId("a1"), " Streik beendet ")
    assert done == [AlertWithdrawn(alert_id=AlertId("a1"), reason="Streik beendet")]
    state = happened(done, state)
    record = state.alerts[AlertId("a1")]
    assert not record.is_shown(NOW)
    assert record.withdrawn_because == "Streik beendet"
    assert code(withdrawn(state, AlertId("a1"), "x")) is RefusalCode.ALERT_WITHDRAWN
    assert code(revised(timetable, state, newer, NOW)) is RefusalCode.ALERT_WITHDRAWN
    assert code(revised(timetable, state, alert(alert_id=AlertId("a2")), NOW)) is RefusalCode.UNKNOWN_ALERT
    assert code(withdrawn(state, AlertId("a2"), "x")) is RefusalCode.UNKNOWN_ALERT


def view(language: str = "de", now: Instant = NOW, **more):
    return alert_view(AlertRecord(alert=alert(**more), published_at=NOW), language, BERLIN, now)


def test_an_alert_is_seen_and_heard_in_its_language() -> None:
    texts = (text(), text("en", "Line D cancelled", "Reason: strike"), text("de-simple", "D fährt nicht", "Streik."))
    german, english, easy = (view(language, texts=texts) for language in LANGUAGES)
    assert german.spoken == "Linie D fällt aus. Grund: Streik. Gilt bis auf Weiteres."
    assert english.spoken == "Line D cancelled. Reason: strike. Until further notice."
    assert easy.spoken == "D fährt nicht. Streik. Wir wissen noch nicht, wie lange."
    assert [each.language for each in (german, english, easy)] == list(LANGUAGES)
    assert (german.symbol, german.symbol_word, english.symbol_word) == ("cancelled", "fällt aus", "cancelled")
    assert german.severity is AlertSeverity.SEVERE


def test_a_missing_language_reads_german_and_is_read_aloud_in_german_only() -> None:
    english = view("en")
    assert (english.language, english.header) == ("de", "Linie D fällt aus")
    assert english.period_sentence == "Until further notice."
    assert english.spoken.endswith("Gilt bis auf Weiteres.")
    assert view("tlh").language == "de"


def test_a_text_of_its_own_is_read_aloud_instead() -> None:
    own = text()
    spoken = alert(texts=(type(own)(language="de", header="D", description="x", spoken="Die Linie De fällt aus."),))
    seen = alert_view(AlertRecord(alert=spoken, published_at=NOW), "de", BERLIN, NOW)
    assert seen.spoken == "Die Linie De fällt aus. Gilt bis auf Weiteres."


@pytest.mark.parametrize(
    ("period", "german", "english"),
    [
        (AlertPeriod(None, None), "Gilt bis auf Weiteres.", "Until further notice."),
        (AlertPeriod(at("07:00"), at("09:00")), "Gilt bis 09:00 Uhr.", "Until 09:00."),
        (
            AlertPeriod(at("08:00"), at("09:30")),
            "Gilt heute von 08:00 Uhr bis 09:30 Uhr.",
            "Today from 08:00 to 09:30.",
        ),
        (AlertPeriod(at("08:00"), None), "Gilt ab 08:00 Uhr bis auf Weiteres.", "From 08:00 until further notice."),
        (
            AlertPeriod(at("32:00"), at("33:00")),
            "Gilt am Mittwoch, 15. Oktober 2025, von 08:00 Uhr bis 09:00 Uhr.",
            "On Wednesday 15 October 2025 from 08:00 to 09:00.",
        ),
        (
            AlertPeriod(at("08:00"), at("33:00")),
            "Gilt von 08:00 Uhr bis Mittwoch, 15. Oktober 2025, 09:00 Uhr.",
            "From 08:00 to Wednesday 15 October 2025, 09:00.",
        ),
        (AlertPeriod(at("05:00"), at("06:00")), "Galt bis 06:00 Uhr.", "This was until 06:00."),
    ],
)
def test_a_period_is_a_whole_sentence(period, german, english) -> None:
    assert period_sentence([period], "de", BERLIN, NOW) == german
    assert period_sentence([period], "en", BERLIN, NOW) == english
    assert period_sentence([period], "de-simple", BERLIN, NOW).endswith(".")


def test_only_what_is_ahead_is_said_of_several_periods_and_many_are_counted() -> None:
    hours = [AlertPeriod(at(f"{hour:02d}:00"), at(f"{hour:02d}:30")) for hour in (6, 8, 10, 12, 14, 16)]
    said = period_sentence(hours[::-1], "de", BERLIN, NOW)
    assert "06:00" not in said
    assert said.startswith("Gilt heute von 08:00 Uhr bis 08:30 Uhr. Gilt heute von 10:00 Uhr")
    assert said.endswith("Danach noch 2-mal.")


def test_the_hour_that_comes_twice_says_which_it_is() -> None:
    first = instant(datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN))
    night = AlertPeriod(first, shifted(first, HOUR))
    said = period_sentence([night], "de", BERLIN, shifted(first, -HOUR))
    assert said == "Gilt heute von 02:30 Uhr Sommerzeit bis 02:30 Uhr Winterzeit."


def test_every_effect_and_cause_has_a_symbol_with_a_name_in_each_language() -> None:
    for effect in AlertEffect:
        for cause in AlertCause:
            symbol = symbol_of(alert(effect=effect, cause=cause))
            assert all(SYMBOLS[language][symbol] for language in LANGUAGES)


@pytest.mark.parametrize("table", [WORDS, SYMBOLS, PHRASES, CAUSES])
def test_all_languages_say_the_same_things(table) -> None:
    assert set(table) == set(LANGUAGES)
    assert set(table["de"]) == set(table["en"]) == set(table["de-simple"])


def test_a_template_counts_what_is_named() -> None:
    two = [TripName("14:07", "Campus"), TripName("15:07", "Campus")]
    one = filled(Template.CANCELLED_TRIPS, About(lines=["D"], trips=two[:1], cause=AlertCause.STRIKE), "de")
    many = filled(Template.CANCELLED_TRIPS, About(lines=["D", "300"], trips=two), "en")
    assert one is not None
    assert many is not None
    assert one.header == "Linie D: Fahrt um 14:07 Uhr fällt aus"
    assert one.description.startswith("Die Fahrt um 14:07 Uhr nach Campus fällt aus. Grund: Streik.")
    assert many.header == "Lines D, 300: trips cancelled"
    assert many.description.startswith("These trips are cancelled: 14:07 to Campus; 15:07 to Campus.")


@pytest.mark.parametrize("template", [Template.DETOUR, Template.STOP_CLOSED, Template.STOP_MOVED, Template.DELAY])
def test_what_befalls_single_trips_is_not_said_of_all(template: Template) -> None:
    one, two = [TripName("14:07", "Campus")], [TripName("14:07", "Campus"), TripName("15:07", "Campus")]
    said = [filled(template, About(lines=["D"], stops=["Markt"], trips=trips), "de") for trips in ([], one, two)]
    texts = [text.description for text in said if text is not None]
    assert "nur" not in texts[0]
    assert "Das betrifft nur die Fahrt um 14:07 Uhr nach Campus." in texts[1]
    assert "Das betrifft nur diese Fahrten: 14:07 Uhr nach Campus; 15:07 Uhr nach Campus." in texts[2]


def test_a_reason_in_own_words_stands_in_german_only() -> None:
    about = About(lines=["D"], cause=AlertCause.ACCIDENT, reason="Ein Baum liegt auf der Straße.")
    german, english = (filled(Template.DETOUR, about, language) for language in ("de", "en"))
    assert german is not None
    assert english is not None
    assert "Grund: Ein Baum liegt auf der Straße." in german.description
    assert "Reason: accident." in english.description


@settings(max_examples=150, deadline=None)
@given(
    template=st.sampled_from(Template),
    lines=st.lists(st.sampled_from(["D", "300"]), max_size=2, unique=True),
    stops=st.lists(st.sampled_from(["Campus {Nord}", "Markt"]), max_size=2, unique=True),
    trips=st.integers(0, 3),
    cause=st.sampled_from(AlertCause),
    minutes=st.none() | st.integers(1, 720),
    instead=st.sampled_from(["", "Ersatzhalt"]),
)
def test_every_template_gives_whole_sentences_in_every_language(
    *, template, lines, stops, trips, cause, minutes, instead
) -> None:
    named = [TripName(f"{8 + n:02d}:07", "Campus") for n in range(trips)]
    about = About(lines=lines, stops=stops, trips=named, cause=cause, minutes=minutes, instead=instead)
    for language in LANGUAGES:
        said = filled(template, about, language)
        if template is Template.FREE:
            assert said is None
            continue
        assert said is not None
        assert said.header.strip()
        assert said.description.strip()
        assert said.description[-1] in ".?"
        assert not re.search(r"{(?!Nord)|  |\.\.|None", said.header + said.description), said
        if language == "de-simple":
            assert max(len(line.split()) for line in said.description.splitlines()) <= 12


def test_every_template_is_marked_as_riders_and_feeds_need_it() -> None:
    assert set(USUAL) == set(Template)
    assert USUAL[Template.CANCELLED_TRIPS].effect is AlertEffect.NO_SERVICE
    assert USUAL[Template.NO_RAMP].effect is AlertEffect.ACCESSIBILITY_ISSUE


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2025-10-14", "14:30", datetime(2025, 10, 14, 14, 30, tzinfo=BERLIN)),
        ("14.10.2025", "14.30 Uhr", datetime(2025, 10, 14, 14, 30, tzinfo=BERLIN)),
        ("2025-10-14", "9", datetime(2025, 10, 14, 9, tzinfo=BERLIN)),
        ("2025-10-14", "24:00", datetime(2025, 10, 15, tzinfo=BERLIN)),
        ("2025-10-26", "2:30 Sommerzeit", datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN)),
        ("2025-10-26", "2:30 (winter time)", datetime(2025, 10, 26, 2, 30, tzinfo=BERLIN, fold=1)),
        ("2025-10-26", "02:30", MomentFault.TWICE),
        ("2026-03-29", "2:30", MomentFault.SKIPPED),
        ("2026-03-29", "3:00", datetime(2026, 3, 29, 3, tzinfo=BERLIN)),
        ("2025-02-30", "9", MomentFault.DAY),
        ("", "9", MomentFault.DAY),
        ("2025-10-14", "25:00", MomentFault.CLOCK),
        ("2025-10-14", "bald", MomentFault.CLOCK),
        ("", "", None),
    ],
)
def test_a_typed_time_names_one_instant_or_says_why_it_does_not(day, clock, expected) -> None:
    wanted = instant(expected) if isinstance(expected, datetime) else expected
    assert local_moment(day, clock, BERLIN) == wanted


def test_a_day_without_a_clock_time_is_the_whole_day() -> None:
    begin, end = local_moment("2025-10-26", "", BERLIN), local_moment("2025-10-26", "", BERLIN, is_end=True)
    assert isinstance(begin, int)
    assert isinstance(end, int)
    assert end - begin == 25 * 3_600_000


@settings(max_examples=200)
@given(st.integers(1_700_000_000, 1_800_000_000))
def test_what_an_instant_is_typed_as_means_the_same_instant(minute_s: int) -> None:
    moment = Instant(minute_s // 60 * 60_000)
    for language in ("de", "en"):
        assert local_moment(*typed(moment, BERLIN, language), BERLIN) == moment


@settings(max_examples=200)
@given(st.text(max_size=40), st.text(max_size=40))
def test_no_typed_text_breaks_the_clock(day: str, clock: str) -> None:
    found = local_moment(day, clock, BERLIN)
    assert found is None or isinstance(found, int | MomentFault)


def test_a_typed_alert_is_shown_until_it_does_not_hold_any_more() -> None:
    values = {"header_de": "D", "description_de": "x", "from_1_day": "2025-10-14", "from_1_time": "8"}
    values |= {"to_1_day": "2025-10-14", "to_1_time": "9", "to_2_day": "2025-10-15"}
    draft = draft_of(Typed(values=values, lists={"routes": ["D"]}), AlertId(""), BERLIN)
    assert not draft.faults
    assert draft.alert.impact[0] == AlertPeriod(at("08:00"), at("09:00"))
    assert draft.alert.communication == AlertPeriod(None, at("48:00"))


def test_each_fault_stands_at_its_field() -> None:
    values = {"from_1_day": "2026-03-29", "from_1_time": "2:30", "to_1_time": "9", "minutes": "zwei", "cause": "pech"}
    values |= {"header_de": "x" * 121, "description_de": "", "header_en": "a\x00b", "description_en": "c"}
    draft = draft_of(Typed(values=values, lists={"trips": ["nonsense"]}), AlertId(""), BERLIN)
    assert draft.faults == {
        "from_1_time": "skipped",
        "to_1_day": "day",
        "minutes": "number",
        "cause": "choice",
        "header_de": "long",
        "description_de": "half",
        "header_en": "signs",
        "trips": "choice",
    }


@settings(max_examples=100, deadline=None)
@given(
    begins=st.none() | st.integers(0, 10_000),
    lasts=st.none() | st.integers(1, 10_000),
    trips=st.lists(st.sampled_from(["D1", "D|2"]), max_size=2, unique=True),
    more=st.text(st.characters(codec="utf-8", categories=["L", "P"]), max_size=20),
)
def test_an_alert_survives_being_opened_in_the_editor_and_saved(begins, lasts, trips, more) -> None:
    first = None if begins is None else Instant(NOW // 60_000 * 60_000 + begins * 60_000)
    last = None if lasts is None else Instant(NOW // 60_000 * 60_000 + ((begins or 0) + lasts) * 60_000)
    period = () if first is None and last is None else (AlertPeriod(first, last),)
    before: Alert = alert(
        impact=period,
        communication=AlertPeriod(None, last),
        trips=tuple(TripRef(TripId(each), DAY) for each in trips),
        texts=(text(description=f"Grund {more}x"), text("en", "Line D", f"{more}.\nMore.")),
        template="strike",
        url="https://example.org/x",
    )
    opened = typed_from(AlertRecord(alert=before, published_at=NOW), BERLIN, "de")
    draft = draft_of(opened, before.alert_id, BERLIN)
    assert draft.faults == {}
    assert draft.alert == before


def test_alerts_of_the_past_are_told_from_those_of_now() -> None:
    seen = view(impact=(AlertPeriod(at("08:00"), at("09:00")),))
    assert not seen.is_in_force
    later = view(now=at("08:30"), impact=(AlertPeriod(at("08:00"), at("09:00")),))
    assert later.is_in_force
