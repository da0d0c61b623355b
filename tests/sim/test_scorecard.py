"""The scorecard."""

from sim.scorecard import Witnessed, score

REPORT = {
    "trips": {"scheduled": 10, "operated": 9},
    "rides": {"requested": 5, "promised": 4, "served": 3, "refused": 1, "cancelled": 1, "no_show": 0},
    "promises": {"made": 8, "kept": 6, "revised": 0, "broken": 0, "open": 2, "released": 2},
    "predictions": {"scored": 100, "eta_accuracy": 0.9, "mae_s": 20.0},
    "frames": {"duplicates": 3},
}


def _card(*reports):
    return score(scenario="x", seed=1, reports=reports, sent=7, acknowledged=7, witnessed=Witnessed())


def test_one_day_is_taken_over_as_reported():
    card = _card(REPORT).as_json()
    assert card["trips"] == {"scheduled": 10, "operated": 9}
    assert card["promises"]["released"] == 2
    assert card["frames"] == {"sent": 7, "acknowledged": 7, "duplicates": 3}
    assert card["predictions"] == {"scored": 100, "eta_accuracy": 0.9, "mae_s": 20.0}
    assert list(card)[:8] == ["scenario", "seed", "service_days", "wall_s", "trips", "rides", "promises", "frames"]


def test_days_add_up_and_predictions_weigh_by_their_number():
    other = {**REPORT, "predictions": {"scored": 300, "eta_accuracy": 0.5, "mae_s": 40.0}}
    card = _card(REPORT, other)
    assert card.service_days == 2
    assert card.trips == {"scheduled": 20, "operated": 18}
    assert card.predictions.scored == 400
    assert card.predictions.eta_accuracy == 0.6
    assert card.predictions.mae_s == 35.0


def test_a_server_without_reports_leaves_zeros():
    card = _card({}, {"predictions": {"scored": 0, "eta_accuracy": None}})
    assert card.rides["served"] == 0
    assert card.predictions.eta_accuracy is None
    assert _card().service_days == 0
