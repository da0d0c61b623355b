"""Scenario files."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobility.core.errors import BadInputError
from mobility.core.geo import LatLon
from sim.edge.scenarios import load_scenario, shipped_scenarios
from sim.scenario import Scenario, parse_scenario

LEAST = 'name = "x"\nregion = "ilmenau"\n'


def test_the_shipped_scenario_is_an_ordinary_day():
    scenario = load_scenario("ilmenau")
    assert "ilmenau" in shipped_scenarios()
    assert scenario.region == "ilmenau"
    assert scenario.starts == 4 * 3600
    assert scenario.ends == 25 * 3600
    assert not scenario.silences


def test_what_is_not_said_keeps_its_default():
    assert parse_scenario(LEAST, source="x.toml") == Scenario(name="x", region="ilmenau")


def test_everything_can_be_said():
    text = (
        LEAST
        + """
        day = 2025-10-16
        starts = "05:00:00"
        ends = "26:30:00"
        [riding]
        no_show_factor = 3
        [radio]
        latency_s = 0.06
        gap = [{ name = "wood", lat = 50.6, lon = 10.9, radius_m = 500 }]
        outage = [{ starts = "09:00:00", ends = "09:05:00" }]
        [faults]
        silence = [{ vehicle = "shuttle-1", starts = "10:00:00", ends = "10:04:00" }]
        late_train = [{ connection = "train-1", delay_s = 300 }]
        """
    )
    scenario = parse_scenario(text, source="x.toml")
    assert scenario.day == date(2025, 10, 16)
    assert scenario.ends == 26 * 3600 + 1800
    assert scenario.riding.no_show_factor == 3
    assert scenario.radio_latency_s == 0.06
    assert scenario.gaps[0].centre == LatLon(50.6, 10.9)
    assert scenario.outages[0].ends - scenario.outages[0].starts == 300
    assert scenario.silences[0].vehicle == "shuttle-1"
    assert scenario.late_trains == {"train-1": 300.0}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("", "name"),
        ('name = "x"', "region"),
        (LEAST + 'start = "05:00:00"', "start"),
        (LEAST + 'starts = "5 o\'clock"', "starts"),
        (LEAST + "starts = 5", "starts"),
        (LEAST + 'starts = "08:00:00"\nends = "07:00:00"', "ends"),
        (LEAST + "day = 2025-10-16T10:00:00", "day"),
        (LEAST + "traffic = 3", "traffic"),
        (LEAST + "[traffic]\nmean = 1", "traffic.mean"),
        (LEAST + "[traffic]\nobstacle_share = 1.5", "traffic.obstacle_share"),
        (LEAST + "[traffic]\nobstacle_share = -0.1", "traffic.obstacle_share"),
        (LEAST + "[dwell]\ndoors_s = inf", "dwell.doors_s"),
        (LEAST + "[dwell]\ndoors_s = nan", "dwell.doors_s"),
        (LEAST + "[dwell]\ndoors_s = true", "dwell.doors_s"),
        (LEAST + "[dwell]\ndoors_s = 1" + "0" * 400, "dwell.doors_s"),
        (LEAST + '[[radio.gap]]\nname = "x"\nlat = 95\nlon = 1\nradius_m = 1', "radio.gap[1].lat"),
        (LEAST + '[radio]\ngap = "wood"', "radio.gap"),
        (LEAST + '[[faults.silence]]\nvehicle = "a"\nstarts = "09:00:00"\nends = "08:00:00"', "faults.silence[1].ends"),
        (LEAST + '[[faults.late_train]]\nconnection = "a"\ndelay_s = "3"', "faults.late_train[1].delay_s"),
    ],
)
def test_a_wrong_field_is_named(text, field):
    with pytest.raises(BadInputError) as caught:
        parse_scenario(text, source="day.toml")
    assert caught.value.source == "day.toml"
    assert caught.value.field == field


@given(st.text())
def test_any_other_text_gives_the_one_clear_error(text):
    with pytest.raises(BadInputError, match=r"day\.toml"):
        parse_scenario(text, source="day.toml")


def test_a_file_that_can_not_be_read_is_named(tmp_path):
    with pytest.raises(BadInputError, match="nowhere"):
        load_scenario("nowhere.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match=r"bad\.toml"):
        load_scenario(str(tmp_path / "bad.toml"))
