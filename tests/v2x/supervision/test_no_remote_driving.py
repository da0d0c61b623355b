"""The vehicle decides: nothing that supervision can say steers, accelerates or brakes."""

from mobility.core.supervision import CommandAction
from v2x import wire_pb2 as wire
from v2x.edge.supervision_routes import CommandRequest

FIELDS = {
    *("command_id", "vehicle_id", "action", "counter", "issued_ms", "expires_ms", "issuer", "approver"),
    *("request_id", "expected_mode", "expected_state_version", "cause", "necessity", "text", "route_e7", "reason"),
}


def test_the_actions_are_a_closed_set_without_one_that_drives() -> None:
    assert set(CommandAction) == {
        "release_manoeuvre",
        "refuse_manoeuvre",
        "stop_at_next_safe_place",
        "deactivate",
        "propose_route",
        "open_support_call",
        "announce",
    }
    assert wire.Action.values() == list(range(len(CommandAction) + 1))


def test_a_command_has_no_field_for_a_speed_an_angle_or_a_force() -> None:
    """Whoever adds a field to the wire has to come here and say that it does not drive."""
    assert {field.name for field in wire.CommandBody.DESCRIPTOR.fields} == FIELDS
    assert set(wire.Command.DESCRIPTOR.fields_by_name) == {"body", "signatures"}


def test_the_only_places_in_a_command_are_a_proposal() -> None:
    """Coordinates ride in ``route_e7`` alone, and only with the action that proposes: the vehicle plans and drives."""
    numbers = {f.name for f in wire.CommandBody.DESCRIPTOR.fields if f.cpp_type not in (9, 8)}  # no text, no enum
    assert numbers == {"counter", "issued_ms", "expires_ms", "expected_state_version", "route_e7"}


def test_the_interface_takes_nothing_that_drives_either() -> None:
    assert set(CommandRequest.model_fields) == {
        *("action", "vehicle_id", "manoeuvre_id", "reason", "cause", "necessity", "text", "route"),
    }
    assert CommandRequest.model_config["extra"] == "forbid"
