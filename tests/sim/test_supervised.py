"""A simulated van asks, obeys who may command it and nobody else, and reports both."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mobility.core.clock import Instant
from mobility.core.ids import CommandId, ManoeuvreId, VehicleId
from mobility.core.supervision import Command, CommandAction, CommandState, ManoeuvreKind
from mobility.core.vehicle import DrivingMode
from sim.edge.supervised import Supervised
from tests.fakes.clock import SettableClock
from v2x.edge.client import CommandMessage
from v2x.supervision.body import body_of, encode_body
from v2x.supervision.signing import SUPERVISION, signed

NOW = Instant(1_760_436_000_000)
VAN = VehicleId("pmover-1")


class Keys:
    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()

    @property
    def public(self) -> dict[str, bytes]:
        return {SUPERVISION: self.private.public_key().public_bytes_raw()}

    def sign(self, key_id: str, message: bytes) -> bytes:
        assert key_id == SUPERVISION
        return self.private.sign(message)


def asking(keys: Keys) -> Supervised:
    van = Supervised(VAN, keys.public, SettableClock(NOW))
    van.drives(DrivingMode.AUTOMATED)
    van.ask(ManoeuvreKind.PASS_OBSTACLE, "Lieferwagen", deadline=Instant(NOW + 30_000))
    return van


def release(van: Supervised, signer: Keys) -> CommandMessage:
    assert van.request is not None
    command = Command(
        command_id=CommandId("c1"),
        vehicle_id=VAN,
        action=CommandAction.RELEASE_MANOEUVRE,
        issuer="supervisor:1",
        reason="frei",
        manoeuvre_id=ManoeuvreId(f"{VAN}/{van.request.request_id}"),
        expected_mode=DrivingMode.AUTOMATED,
        expected_state_version=van.state_version,
        counter=1,
        issued_at=NOW,
        expires_at=Instant(NOW + 2000),
    )
    body = encode_body(body_of(command))
    return CommandMessage(body=body, signatures=signed(signer, body, is_approved=False))


def test_a_release_ends_the_waiting_and_is_reported_step_by_step() -> None:
    keys = Keys()
    van = asking(keys)
    van.on_command(release(van, keys))
    order = van.stop_asking()
    assert order is not None
    van.executed(order)
    assert [report.state for report in van.take_reports()] == [
        CommandState.RECEIVED,
        CommandState.ACCEPTED,
        CommandState.EXECUTED,
    ]
    assert (van.released, van.rejected, van.take_reports()) == (1, 0, ())


def test_a_stranger_s_release_changes_nothing() -> None:
    van = asking(Keys())
    van.on_command(release(van, Keys()))
    assert (van.order, van.rejected) == (None, 1)
    assert van.take_reports()[-1].reason == "bad_signature"


def test_asking_and_stopping_count_as_changes_of_state() -> None:
    van = asking(Keys())
    before = van.state_version
    assert van.stop_asking() is None
    assert (van.state_version, van.unanswered, van.request) == (before + 1, 1, None)


def test_without_keys_it_obeys_nobody() -> None:
    keys = Keys()
    van = Supervised(VAN, {}, SettableClock(NOW))
    van.drives(DrivingMode.AUTOMATED)
    van.ask(ManoeuvreKind.REVERSE, "", deadline=Instant(NOW + 30_000))
    van.on_command(release(van, keys))
    assert (van.order, van.rejected) == (None, 1)
