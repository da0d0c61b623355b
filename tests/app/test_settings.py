"""Settings come from arguments, environment, file and defaults, in this order, and wrong ones are refused."""

from pathlib import Path
from typing import get_args

import pytest

from mobility.app.settings import load_settings
from mobility.app.vehicle_settings import MqttOutSettings
from mobility.core.errors import BadInputError
from passenger_info.profiles import PROFILES


def test_a_fresh_checkout_needs_no_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert (settings.host, settings.port, settings.region) == ("127.0.0.1", 8000, "ilmenau")


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "mobility.toml"
    file.write_text('port = 9000\nregion = "elsewhere"\n\n[role_tokens]\n"s3cret" = "driver"\n')
    monkeypatch.setenv("MOBILITY_PORT", "9100")
    settings = load_settings(file)
    assert (settings.port, settings.region, settings.role_tokens) == (9100, "elsewhere", {"s3cret": "driver"})


@pytest.mark.parametrize("text", ["port = 70000", 'role_tokens = {a = "king"}', "colour = 1", "port ="])
def test_a_setting_that_means_nothing_is_refused_by_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mobility.toml"
    file.write_text(text)
    with pytest.raises(BadInputError, match=rf"mobility\.toml.*({text.partition(' ')[0]}|TOML)"):
        load_settings(file)


def test_an_environment_that_can_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MOBILITY_ROLE_TOKENS", "no json")
    with pytest.raises(BadInputError, match=r"environment.*role_tokens"):
        load_settings()


def test_planners_at_a_broker_can_be_given_every_profile_there_is() -> None:
    assert get_args(MqttOutSettings.model_fields["profile"].annotation) == tuple(PROFILES)
