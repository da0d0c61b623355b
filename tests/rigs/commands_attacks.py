"""What can be done to commands on their way, and what somebody with a supervisor's keys might try."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mobility.core.clock import Instant
from mobility.core.ids import VehicleId
from mobility.core.supervision import CommandAction
from mobility.core.vehicle import DrivingMode
from v2x import wire_pb2 as wire
from v2x.supervision.body import encode_body
from v2x.supervision.signing import PREFIX

CURVE_ORDER = 2**252 + 27742317777372353535851937790883648493


class Signer(Protocol):
    """Both private keys."""

    def sign(self, key_id: str, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class Attempt:
    """Bytes that reach a vehicle at ``now`` by its clock."""

    body: bytes
    signatures: tuple[tuple[str, bytes], ...]
    now: int
    mode: DrivingMode = DrivingMode.UNKNOWN
    version: int = 0

    @staticmethod
    def signed(keys: Signer, body: bytes, is_approved: bool, now: int) -> "Attempt":
        names = ("supervision", "approval") if is_approved else ("supervision",)
        return Attempt(body, tuple((name, keys.sign(name, PREFIX + body)) for name in names), now)


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# ---- on the line: no key is known ------------------------------------------------------------------------------


def forged(site: Any, vehicle: Any) -> Attempt:
    """Signed with a key of one's own, under the right name."""
    body = site.genuine(vehicle)
    return Attempt.signed(site.strangers, encode_body(body), bool(body.approver), site.now)


def unknown_key(site: Any, vehicle: Any) -> Attempt:
    """Signed with a key of one's own, under its own name."""
    good = site.signed(site.genuine(vehicle))
    name = site.chance.choice(["supervision-9", "root", "", "Supervision", "approval"])
    return replace(good, signatures=((name, good.signatures[0][1]),))


def unsigned(site: Any, vehicle: Any) -> Attempt:
    """No signature, an empty one, or chance."""
    good = site.signed(site.genuine(vehicle))
    made_up = site.chance.choice([(), (("supervision", b""),), (("supervision", site.chance.randbytes(64)),)])
    return replace(good, signatures=made_up)


def body_changed(site: Any, vehicle: Any) -> Attempt:
    """One bit of the body."""
    good = site.signed(site.genuine(vehicle))
    return replace(good, body=flipped(good.body, site.chance.randrange(len(good.body) * 8)))


def body_cut_or_longer(site: Any, vehicle: Any) -> Attempt:
    """Bytes missing at the end, or added."""
    good = site.signed(site.genuine(vehicle))
    cut = good.body[: site.chance.randrange(len(good.body))]
    return replace(good, body=site.chance.choice([cut, good.body + site.chance.randbytes(4)]))


def fields_changed(site: Any, vehicle: Any) -> Attempt:
    """Another action, counter, time or request under the signature of the former."""
    good = site.genuine(vehicle)
    change: dict[str, object] = site.chance.choice(
        [
            {"action": CommandAction.DEACTIVATE, "request_id": ""},
            {"counter": good.counter + 1},
            {"expires_at": Instant(good.expires_at + 1)},
            {"issued_at": Instant(good.issued_at + 1)},
            {"issuer": "supervisor:ca401000"},
            {"reason": good.reason + "!"},
        ]
    )
    other = replace(good, **change)  # type: ignore[arg-type]  # a mixture of fields
    if other == good:
        other = replace(good, reason="?")
    return replace(site.signed(good), body=encode_body(other))


def signature_changed(site: Any, vehicle: Any) -> Attempt:
    """One bit of a signature, or its other representation (RFC 8032 §5.1.7)."""
    good = site.signed(site.genuine(vehicle))
    name, signature = good.signatures[0]
    other = (int.from_bytes(signature[32:], "little") + CURVE_ORDER).to_bytes(32, "little")
    changed = site.chance.choice([flipped(signature, site.chance.randrange(512)), signature[:32] + other])
    return replace(good, signatures=((name, changed), *good.signatures[1:]))


def signature_of_another(site: Any, vehicle: Any) -> Attempt:
    """The genuine signature of another genuine command."""
    one, other = site.signed(site.genuine(vehicle)), site.signed(site.genuine(vehicle))
    return replace(one, signatures=tuple(other.signatures))


def signature_twice(site: Any, vehicle: Any) -> Attempt:
    """More signatures than there are people."""
    good = site.signed(site.genuine(vehicle, CommandAction.DEACTIVATE))
    return replace(good, signatures=good.signatures * site.chance.choice([2, 3, 40]))


def replayed(site: Any, vehicle: Any) -> Attempt:
    """A command that was just accepted, once more, the vehicle in the same state."""
    good = site.signed(site.genuine(vehicle), delay_ms=0)
    if vehicle.check(good) != "accepted":
        raise RuntimeError("the command to replay was refused the first time")
    return replace(good, now=good.now + site.chance.randrange(1500))


def overtaken(site: Any, vehicle: Any) -> Attempt:
    """An older command, held back until a newer one was accepted."""
    held = site.signed(site.genuine(vehicle, CommandAction.OPEN_SUPPORT_CALL))
    newer = replace(site.genuine(vehicle, CommandAction.DEACTIVATE), counter=vehicle.verifier.counter + 9)
    if vehicle.check(site.signed(newer)) != "accepted":
        raise RuntimeError("the newer command was refused")
    return held


def replayed_old(site: Any, vehicle: Any) -> Attempt:
    """Anything that was ever accepted, at any later time."""
    if not vehicle.seen:
        return replayed(site, vehicle)
    old = site.chance.choice(vehicle.seen)
    vehicle.mode, vehicle.state_version, vehicle.request_id = old.mode, old.version, f"r{old.version}"
    return replace(old, now=site.chance.choice([old.now, site.now]))


def cross_vehicle(site: Any, vehicle: Any) -> Attempt:
    """A genuine command to another vehicle, in whose state this one happens to be."""
    others = [name for name in site.vehicles if name != vehicle.verifier.vehicle_id]
    body = replace(site.genuine(vehicle), vehicle_id=VehicleId(site.chance.choice(others)))
    return site.signed(body)


def held_back(site: Any, vehicle: Any) -> Attempt:
    """A genuine command that arrives at or after the end of its force."""
    body = site.genuine(vehicle)
    lifetime_ms = body.expires_at - body.issued_at
    return site.signed(body, delay_ms=lifetime_ms + site.chance.choice([0, 1, 60_000, 86_400_000]))


# ---- from inside: the keys are known, the rules are not kept ---------------------------------------------------


def from_the_future(site: Any, vehicle: Any) -> Attempt:
    """Signed for later."""
    body = site.genuine(vehicle)
    return site.signed(body, delay_ms=-site.chance.choice([1001, 5000, 86_400_000]))


def long_lived(site: Any, vehicle: Any) -> Attempt:
    """Signed for longer than a command may hold, or for no time at all."""
    body = site.genuine(vehicle)
    holds_ms = site.policy.lifetime_ms(body.action) + site.chance.choice([1, 1000, 86_400_000])
    return site.signed(replace(body, expires_at=Instant(body.issued_at + holds_ms)), delay_ms=0)


def unapproved(site: Any, vehicle: Any) -> Attempt:
    """A route by one person alone, in all the ways to pretend a second one."""
    body = site.genuine(vehicle, CommandAction.PROPOSE_ROUTE)
    way = site.chance.randrange(5)
    if way == 0:
        body = replace(body, approver="")
    if way in (1, 2):
        body = replace(body, approver=site.chance.choice([body.issuer, "approver:a11ce000"]))
    attempt = Attempt.signed(site.keys, encode_body(body), way in (1, 2), site.now)
    if way == 3:
        own = attempt.signatures[0][1]
        return replace(attempt, signatures=(("supervision", own), ("approval", own)))
    return attempt


def approver_alone(site: Any, vehicle: Any) -> Attempt:
    """The second person without the first."""
    body = encode_body(site.genuine(vehicle, CommandAction.DEACTIVATE))
    named = encode_body(replace(site.genuine(vehicle, CommandAction.DEACTIVATE), approver="approver:b0b00000"))
    chosen = site.chance.choice([body, named])
    return Attempt(chosen, (("approval", site.keys.sign("approval", PREFIX + chosen)),), site.now)


def stale(site: Any, vehicle: Any) -> Attempt:
    """A decision about a vehicle that is no longer as it was."""
    body = site.genuine(vehicle, CommandAction.RELEASE_MANOEUVRE)
    other_mode = DrivingMode.MANUAL if site.chance.random() < 0.5 else DrivingMode.ASSISTED
    change: dict[str, object] = site.chance.choice(
        [{"expected_state_version": vehicle.state_version - 1}, {"expected_mode": other_mode}]
    )
    return site.signed(replace(body, **change))


def other_request(site: Any, vehicle: Any) -> Attempt:
    """A release of what the vehicle did not ask, or a stop that pretends to answer."""
    release = site.genuine(vehicle, CommandAction.RELEASE_MANOEUVRE)
    stop = site.genuine(vehicle, CommandAction.STOP_AT_NEXT_SAFE_PLACE)
    return site.signed(
        site.chance.choice(
            [
                replace(release, request_id=f"r{vehicle.state_version - 1}"),
                replace(release, request_id=""),
                replace(stop, request_id=vehicle.request_id),
            ]
        )
    )


def undocumented(site: Any, vehicle: Any) -> Attempt:
    """Out of the minimal-risk condition without cause or necessity."""
    vehicle.mode = DrivingMode.MINIMAL_RISK
    body = site.genuine(vehicle, CommandAction.RELEASE_MANOEUVRE)
    change = site.chance.choice([{"cause": ""}, {"necessity": "  "}, {"cause": "", "necessity": ""}])
    return site.signed(replace(body, **change))


def not_the_one_encoding(site: Any, vehicle: Any) -> Attempt:
    """Signed bytes with a field that the vehicle does not know, a field twice, or an action that there is not."""
    body = encode_body(site.genuine(vehicle, CommandAction.DEACTIVATE))
    message = wire.CommandBody.FromString(body)
    message.action = 8  # type: ignore[assignment]  # an action of tomorrow
    strange = site.chance.choice([body + b"\x9a\x06\x03abc", body + body, message.SerializeToString()])
    return Attempt.signed(site.keys, strange, False, site.now)


ATTACKS: Mapping[str, Callable[[Any, Any], Attempt]] = {
    attack.__name__: attack
    for attack in (
        forged,
        unknown_key,
        unsigned,
        body_changed,
        body_cut_or_longer,
        fields_changed,
        signature_changed,
        signature_of_another,
        signature_twice,
        replayed,
        overtaken,
        replayed_old,
        cross_vehicle,
        held_back,
        from_the_future,
        long_lived,
        unapproved,
        approver_alone,
        stale,
        other_request,
        undocumented,
        not_the_one_encoding,
    )
}
"""Name to attack; each gets the site and the vehicle it is aimed at."""
