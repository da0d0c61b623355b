"""Technical supervision in the built console: a request on top, decided by keyboard, sent once, told in words."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from mobility.core.ids import CommandId
from mobility.core.supervision import AlarmKind, CommandAction, CommandState
from tests.fakes.chromium import axe_faults, built_console, chromium, eventually
from tests.fakes.console_server import ConsoleWorld, served
from tests.fakes.console_visit import Visit

pytestmark = pytest.mark.browser
FOCUSED = "document.activeElement.textContent.trim()"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    built_console()
    with chromium() as started:
        yield started


@pytest.fixture
def world() -> ConsoleWorld:
    return ConsoleWorld()


@pytest.fixture
def visit(browser: Browser, world: ConsoleWorld) -> Iterator[Visit]:
    with served(world) as address:
        visiting = Visit(browser, address)
        yield visiting
        visiting.close()


def posts(page: Page, world: ConsoleWorld) -> list[tuple[str, str, dict[str, Any]]]:
    """What arrived at the server, once something did: the page says "wird gesendet" before."""
    return eventually(page, lambda: world.supervision.posted)


def only_command(page: Page, world: ConsoleWorld) -> CommandId:
    """The command that the server made of the only post."""
    (command_id,) = eventually(page, lambda: list(world.supervision.commands))
    return command_id


def focused(page: Page, words: str) -> None:
    """Wait until the focus is on something that says so."""
    page.wait_for_function(f"words => {FOCUSED}.includes(words)", arg=words)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until the focus is on what says just that."""
    for _ in range(40):
        if page.evaluate(FOCUSED) == words:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {words}")


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_request_stands_on_top_with_the_seconds_left_and_is_announced_once(visit: Visit, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    expect(page.locator(".urgent")).to_have_count(0)
    world.supervision.ask()
    request = page.locator("[data-request]")
    expect(request).to_contain_text("P:Mover: an einem Hindernis vorbeifahren")
    expect(request).to_contain_text("Lieferwagen hält in der Fahrspur")
    expect(request).to_contain_text("östlich von")
    status = page.locator("p.visually-hidden[role=status]")
    expect(status).to_have_text(
        re.compile("^P:Mover bittet um eine Entscheidung: an einem Hindernis vorbeifahren. Noch")
    )
    said = status.text_content()
    number = request.locator(".countdown__number")
    before = number.text_content()
    assert before
    expect(number).not_to_have_text(before)
    assert status.text_content() == said, "the running number is not read out"
    assert visit.faults == []


def test_a_request_is_released_by_keyboard_alone(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask()
    page = visit.open("/console")
    expect(page.locator("[data-request]")).to_be_visible()
    page.keyboard.press("r")
    focused(page, "P:Mover")
    tab_to(page, "Weg ist frei, Kamerabild geprüft")
    page.keyboard.press("Space")
    tab_to(page, "Freigeben")
    page.keyboard.press("Enter")
    expect(page.locator(".request__state")).to_contain_text("Manöver freigeben: gesendet")
    ((path, key, body),) = posts(page, world)
    assert path.endswith("/commands")
    assert len(key) == 36
    assert body == {
        "action": "release_manoeuvre",
        "vehicle_id": "pmover",
        "manoeuvre_id": "pmover/1",
        "reason": "Weg ist frei, Kamerabild geprüft",
    }
    world.supervision.progress(only_command(page, world), CommandState.EXECUTED)
    ended = page.locator(".ended")
    expect(ended).to_contain_text("P:Mover: freigegeben. Befehl: ausgeführt.")
    focused(page, "Gelesen")  # it does not vanish with its request
    page.keyboard.press("Enter")
    expect(ended).to_have_count(0)
    page.wait_for_function("document.activeElement !== document.body")


def test_enter_in_a_field_decides_nothing(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask()
    page = visit.open("/console")
    page.get_by_label("Begründung", exact=True).fill("frei")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert world.supervision.posted == []


def test_typed_text_and_focus_survive_every_refresh(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask("1")
    page = visit.open("/console")
    field = page.get_by_label("Begründung", exact=True)
    field.click()
    field.press_sequentially("Kamera ", delay=20)
    world.supervision.ask("2", left_s=200)  # more urgent: it comes to the top
    expect(page.locator("[data-request]")).to_have_count(2)
    field = page.locator('[id="reason-pmover/1"]')
    expect(field).to_be_focused()
    page.keyboard.type("zeigt nichts")
    seen = world.supervision.overviews
    eventually(page, lambda: world.supervision.overviews >= seen + 2)
    expect(field).to_be_focused()
    expect(field).to_have_value("Kamera zeigt nichts")
    expect(page.locator("[data-request]").first).to_have_attribute("data-request", "pmover/2")


def test_leaving_minimal_risk_asks_for_cause_and_necessity_at_the_field(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask(in_minimal_risk=True)
    page = visit.open("/console")
    press(page, "Weg ist frei, Kamerabild geprüft")
    press(page, "Freigeben")
    cause = page.get_by_label("Ursache des sicheren Anhaltens", exact=True)
    expect(cause).to_be_focused()
    expect(cause).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".request")).to_contain_text("Bitte sagen Sie, warum die Weiterfahrt nötig ist.")
    assert world.supervision.posted == []
    cause.fill("Ast auf der Fahrbahn")
    press(page, "Fahrgäste wollen weiter")
    press(page, "Freigeben")
    expect(page.locator(".request__state")).to_contain_text("gesendet")
    body = posts(page, world)[0][2]
    assert (body["cause"], body["necessity"]) == ("Ast auf der Fahrbahn", "Fahrgäste wollen weiter")


def test_a_refusal_is_told_in_the_server_s_sentence(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask()
    world.supervision.refusal = (409, "decision_under_way", "Eine Entscheidung ist schon unterwegs.")
    page = visit.open("/console")
    press(page, "Gegenverkehr")
    press(page, "Ablehnen")
    expect(page.locator(".request [role=alert]")).to_have_text("Eine Entscheidung ist schon unterwegs.")
    expect(page.get_by_label("Begründung", exact=True)).to_have_value("Gegenverkehr")


def test_a_lost_answer_may_be_sent_again_with_the_same_key_and_has_one_effect(
    visit: Visit, world: ConsoleWorld
) -> None:
    world.supervision.ask()
    world.supervision.is_losing = True
    page = visit.open("/console")
    press(page, "Gegenverkehr")
    press(page, "Ablehnen")
    expect(page.locator(".request [role=alert]")).to_contain_text("Der Server antwortet nicht")
    world.supervision.is_losing = False
    press(page, "Noch einmal senden")
    expect(page.locator(".request__state")).to_contain_text("Manöver ablehnen: gesendet")
    (_, first, _), (_, second, _) = world.supervision.posted
    assert first == second
    assert len(world.supervision.commands) == 1


def test_a_command_that_the_vehicle_rejects_says_why_and_may_be_decided_again(
    visit: Visit, world: ConsoleWorld
) -> None:
    world.supervision.ask()
    page = visit.open("/console")
    press(page, "Gegenverkehr")
    press(page, "Ablehnen")
    world.supervision.progress(only_command(page, world), CommandState.REJECTED, "stale_precondition")
    expect(page.locator(".request__state")).to_contain_text("Die Lage des Fahrzeugs hatte sich geändert.")
    expect(page.get_by_role("button", name="Ablehnen", exact=True)).to_have_attribute("aria-disabled", "false")


def test_a_request_that_nobody_decides_is_told_as_expired(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask()
    page = visit.open("/console")
    expect(page.locator("[data-request]")).to_be_visible()
    world.supervision.left_s = 1.0
    expect(page.locator(".countdown--short")).to_be_visible()
    world.supervision.manoeuvres.clear()
    expect(page.locator(".ended")).to_contain_text("Die Frist ist abgelaufen")


def test_the_map_shows_where_a_vehicle_asks(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.ask()
    page = visit.open("/console#table")
    expect(page.locator(".request").get_by_role("button", name="Auf der Karte zeigen")).to_be_visible()
    page.locator(".request").get_by_role("button", name="Auf der Karte zeigen").click()
    page.wait_for_function("window.__console?.drawnOf('requests') === 1")
    # The map glides there: on a slow machine the request is drawn long before it arrives.
    page.wait_for_function(
        """([lon, lat]) => {
            const centre = document.querySelector("map-pane").map.map.getCenter();
            return Math.abs(centre.lng - lon) < 0.002 && Math.abs(centre.lat - lat) < 0.002;
        }""",
        arg=[10.9305, 50.6839],
    )


def test_the_panel_lists_alarms_commands_and_what_waits_for_a_second_person(visit: Visit, world: ConsoleWorld) -> None:
    desk = world.supervision
    for kind in AlarmKind:
        desk.alarm(kind, "shuttle-1", age_s=70)
    desk.command("p1", CommandAction.PROPOSE_ROUTE, CommandState.PROPOSED)
    desk.command("c1", CommandAction.ANNOUNCE, CommandState.EXPIRED, state_reason="not_heard", text="Hallo")
    page = visit.open("/console")
    expect(page.locator(".toolbar__supervision")).to_contain_text(str(len(AlarmKind) + 1))
    page.keyboard.press("s")
    panel = page.locator(".room__supervision")
    for words in (
        "Funkverbindung verloren",
        "Datenspeicher lückenhaft",
        "Fahrzeug wartet auf eine Entscheidung",
        "Unmöglicher Wechsel des Fahrmodus",
        "Fahrzeug steht im risikominimalen Zustand",
        "Andere Daten unter einer schon bekannten Nummer",
        "seit 1 min",
        "Das Fahrzeug hat nicht geantwortet.",
    ):
        expect(panel).to_contain_text(words)
    press(page, "Als zweite Person freigeben")
    expect(panel).to_contain_text("freigegeben von approver:99")
    expect(panel).to_contain_text("Nichts wartet auf eine zweite Person.")
    assert desk.posted[0][0].endswith("/approvals/p1")


def test_a_command_takes_two_steps_and_shows_what_becomes_of_it(visit: Visit, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    page.locator('tr[data-vehicle="pmover"] button').click()
    press(page, "Befehl erteilen")
    focused(page, "Schritt 1 von 2")
    press(page, "Weiter")
    expect(page.locator(".order .entry__fault").first).to_have_text("Bitte wählen Sie einen Befehl.")
    page.get_by_label("Durchsage machen").check()
    page.get_by_label("Durchsage für die Fahrgäste").fill("Wir halten kurz.")
    page.locator(".order").get_by_label("Begründung").fill("Beruhigen")
    press(page, "Weiter")
    focused(page, "Schritt 2 von 2")
    assert world.supervision.posted == []
    expect(page.locator(".order__facts")).to_contain_text("Wir halten kurz.")
    press(page, "Jetzt senden")
    expect(page.locator(".order")).to_contain_text("gesendet")
    world.supervision.progress(only_command(page, world), CommandState.ACCEPTED)
    expect(page.locator(".order")).to_contain_text("angenommen")
    assert posts(page, world)[0][2]["text"] == "Wir halten kurz."


def test_a_stop_in_minimal_risk_is_one_press_from_a_call_to_the_passengers(visit: Visit, world: ConsoleWorld) -> None:
    world.supervision.alarm(AlarmKind.MINIMAL_RISK, "pmover")
    page = visit.open("/console#supervision")
    press(page, "Sprechverbindung öffnen")
    expect(page.get_by_label("Sprechverbindung öffnen", exact=True)).to_be_checked()
    page.locator(".order").get_by_label("Begründung").fill("Fahrgäste ansprechen")
    press(page, "Weiter")
    press(page, "Jetzt senden")
    expect(page.locator(".order")).to_contain_text("gesendet")
    assert posts(page, world)[0][2]["action"] == "open_support_call"


def test_a_shuttle_with_crew_is_offered_only_calls_and_announcements(visit: Visit) -> None:
    page = visit.open("/console")
    page.locator('tr[data-vehicle="shuttle-1"] button').click()
    press(page, "Befehl erteilen")
    labels = page.locator(".order__action").all_text_contents()
    assert [label.strip() for label in labels] == ["Sprechverbindung öffnen", "Durchsage machen"]


def test_a_route_is_proposed_by_places_and_by_pressing_the_map(visit: Visit, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    page.wait_for_function("window.__console?.drawnVehicles().length >= 5")
    page.locator('tr[data-vehicle="pmover"] button').click()
    press(page, "Befehl erteilen")
    page.get_by_label("Route vorschlagen").check()
    page.locator("#order-place").select_option(index=1)
    press(page, "Ort hinzufügen")
    expect(page.locator(".order__points li:not(.soft)")).to_have_count(1)
    # The form has taken some of the map's room: where it stands still a press means the place it is on.
    page.wait_for_function(
        """() => {
            const { map } = document.querySelector("map-pane").map;
            return !map.isMoving() && map.getCanvas().clientWidth === map.getContainer().clientWidth;
        }"""
    )
    page.locator(".map__canvas canvas").click(position={"x": 60, "y": 300})
    expect(page.locator(".order__points li")).to_have_count(2)
    page.locator(".order").get_by_label("Begründung").fill("Baustelle")
    press(page, "Weiter")
    expect(page.locator(".order")).to_contain_text("Danach muss eine zweite Person freigeben.")
    press(page, "Jetzt senden")
    expect(page.locator(".order")).to_contain_text("wartet auf eine zweite Person")
    assert len(posts(page, world)[0][2]["route"]) == 2


def test_a_silent_server_is_told_in_every_view_until_it_answers_again(visit: Visit, world: ConsoleWorld) -> None:
    page = visit.open("/console")
    expect(page.locator(".toolbar__supervision")).to_be_visible()
    world.supervision.is_answering = False
    alert = page.locator(".urgent [role=alert]")
    expect(alert).to_have_text("Die Technische Aufsicht antwortet nicht.")
    expect(page.locator(".urgent")).to_contain_text("wie sie vor")
    world.supervision.is_answering = True
    expect(alert).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
def test_supervision_has_no_accessibility_fault_and_no_sideways_scroll(
    browser: Browser, world: ConsoleWorld, width: int, scheme: str
) -> None:
    desk = world.supervision
    desk.ask(in_minimal_risk=True)
    desk.alarm(AlarmKind.IMPOSSIBLE_MODE_CHANGE, "pmover")
    desk.command("p1", CommandAction.PROPOSE_ROUTE, CommandState.PROPOSED)
    desk.command("c1", CommandAction.RELEASE_MANOEUVRE, CommandState.REJECTED, state_reason="stale_precondition")
    with served(world) as address:
        visiting = Visit(browser, address, width=width, color_scheme=scheme)
        page = visiting.open("/console#supervision")
        expect(page.locator("[data-request]")).to_be_visible()
        press(page, "Freigeben")
        page.locator('tr[data-vehicle="pmover"] button').click()
        press(page, "Befehl erteilen")
        page.get_by_label("Route vorschlagen").check()
        press(page, "Weiter")
        assert axe_faults(visiting.page) == []
        assert not visiting.is_too_wide()
        assert visiting.faults == []
        visiting.close()


def test_supervision_speaks_english_and_stands_in_forced_colours(browser: Browser, world: ConsoleWorld) -> None:
    world.supervision.ask()
    with served(world) as address:
        visiting = Visit(browser, address, locale="en-GB", forced_colors="active")
        page = visiting.open("/console")
        request = page.locator("[data-request]")
        expect(request).to_contain_text("P:Mover: pass an obstacle")
        expect(request.get_by_role("button", name="Release", exact=True)).to_be_visible()
        bar = page.evaluate(
            "getComputedStyle(document.querySelector('.countdown__bar > span')).backgroundColor"
            " !== getComputedStyle(document.querySelector('.countdown__bar')).backgroundColor"
        )
        assert bar, "the bar is still seen"
        visiting.close()
