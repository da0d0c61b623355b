"""How a vehicle checks a command: reference verifier, to copy from or to use as it is.

The checks are three tables, walked in order; the first that objects names the refusal. Signatures come before anything
inside the signed bytes is believed. A genuine command uses up its counter even when it is refused for its time or the
vehicle's state: what supervision was told is refused must not come true when the same bytes arrive again later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mobility.core.clock import Instant
from mobility.core.errors import BadInputError
from mobility.core.vehicle import DrivingMode
from v2x.supervision.body import LONGEST_BODY_BYTES, CommandBody, parse_body
from v2x.supervision.policy import MANOEUVRE_ACTIONS, Policy, leaves_minimal_risk
from v2x.supervision.signing import APPROVAL, SUPERVISION, Signatures, is_signed, role_of

FUTURE_MS = 1000
"""How far the gateway's clock may seem ahead: what the vehicle's estimate of it may err."""
_MOST_SIGNATURES = 2


class Rejection(StrEnum):
    """Why a vehicle refuses a command."""

    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_VEHICLE = "wrong_vehicle"
    REPLAYED = "replayed"
    LIFETIME_TOO_LONG = "lifetime_too_long"
    FROM_THE_FUTURE = "from_the_future"
    EXPIRED = "expired"
    MISSING_APPROVER = "missing_approver"
    UNKNOWN_REQUEST = "unknown_request"
    STALE_PRECONDITION = "stale_precondition"
    UNDOCUMENTED = "undocumented"
    """Leaving the minimal-risk condition without cause and necessity (AFGBV §14(3))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command to be carried out."""

    body: CommandBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A command that is not carried out."""

    rejection: Rejection
    command_id: str = ""
    """What it calls itself; empty where that can not be read. Not to be believed with a bad signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The vehicle when a command arrives."""

    now: Instant
    """By the gateway's clock as far as the vehicle knows it."""
    mode: DrivingMode
    state_version: int
    open_request_id: str | None
    """Of its request that waits for a decision."""


class CommandVerifier:
    """Checks commands for one vehicle. Keep ``counter`` on disk before anything is carried out."""

    def __init__(
        self, vehicle_id: str, keys: Mapping[str, bytes], *, counter: int = 0, policy: Policy | None = None
    ) -> None:
        """Trust ``keys`` (key id to the 32 bytes of an Ed25519 public key) and go on after ``counter``.

        Raises ``ValueError`` for bytes that are no public key.
        """
        self.vehicle_id = vehicle_id
        self.keys = {key_id: Ed25519PublicKey.from_public_bytes(key) for key_id, key in keys.items()}
        self.policy = policy or Policy()
        self.counter = counter
        """Of the newest genuine command for this vehicle."""

    def check(
        self,
        body: bytes,
        signatures: Signatures,
        *,
        now: Instant,
        mode: DrivingMode,
        state_version: int,
        open_request_id: str | None,
    ) -> Accepted | Rejected:
        """Judge a command as it arrived. Never raises, whatever the bytes hold."""
        for rejection, objects in self.SIGNATURE_CHECKS:
            if objects(self, body, signatures):
                return Rejected(rejection=rejection, command_id=_claimed_id(body))
        try:
            command = parse_body(body)
        except BadInputError:
            return Rejected(rejection=Rejection.MALFORMED, command_id=_claimed_id(body))
        moment = Moment(now=now, mode=mode, state_version=state_version, open_request_id=open_request_id)
        has_approval = any(role_of(key_id) == APPROVAL for key_id, _ in signatures)
        objection = self._objection(command, moment, has_approval=has_approval)
        if objection is not None:
            return Rejected(rejection=objection, command_id=command.command_id)
        return Accepted(body=command)

    def _objection(self, command: CommandBody, moment: Moment, *, has_approval: bool) -> Rejection | None:
        for rejection, is_not_ours in self.ADDRESS_CHECKS:
            if is_not_ours(self, command):
                return rejection
        self.counter = max(self.counter, command.counter)
        for rejection, objects in self.CONTENT_CHECKS:
            if objects(self, command, moment, has_approval):
                return rejection
        return None

    def _is_unsigned(self, body: bytes, signatures: Signatures) -> bool:
        roles = [role_of(key_id) for key_id, _ in signatures]
        return not 1 <= len(roles) <= _MOST_SIGNATURES or len(set(roles)) < len(roles) or len(body) > LONGEST_BODY_BYTES

    def _is_key_unknown(self, _body: bytes, signatures: Signatures) -> bool:
        return any(key_id not in self.keys for key_id, _ in signatures) or all(
            role_of(key_id) != SUPERVISION for key_id, _ in signatures
        )

    def _is_signature_bad(self, body: bytes, signatures: Signatures) -> bool:
        # A planted gap in the check before must not turn into a crash here.
        known = ((self.keys.get(key_id), signature) for key_id, signature in signatures)
        return any(key is None or not is_signed(key, body, signature) for key, signature in known)

    def _is_foreign(self, command: CommandBody) -> bool:
        return command.vehicle_id != self.vehicle_id

    def _is_replayed(self, command: CommandBody) -> bool:
        return command.counter <= self.counter

    def _lives_too_long(self, command: CommandBody, _moment: Moment, _has_approval: bool) -> bool:
        return not 0 < command.expires_at - command.issued_at <= self.policy.lifetime_ms(command.action)

    def _is_from_the_future(self, command: CommandBody, moment: Moment, _has_approval: bool) -> bool:
        return command.issued_at > moment.now + FUTURE_MS

    def _is_expired(self, command: CommandBody, moment: Moment, _has_approval: bool) -> bool:
        return moment.now >= command.expires_at

    def _lacks_approver(self, command: CommandBody, moment: Moment, has_approval: bool) -> bool:
        is_named = command.approver != ""
        if not (is_named or has_approval or self.policy.needs_approval(command.action, moment.mode)):
            return False
        return not (is_named and has_approval and is_another_person(command.issuer, command.approver))

    def _answers_nothing(self, command: CommandBody, moment: Moment, _has_approval: bool) -> bool:
        if command.action in MANOEUVRE_ACTIONS:
            return not command.request_id or command.request_id != moment.open_request_id
        return command.request_id != ""

    def _is_stale(self, command: CommandBody, moment: Moment, _has_approval: bool) -> bool:
        if command.expected_mode is not DrivingMode.UNKNOWN and command.expected_mode is not moment.mode:
            return True
        version = command.expected_state_version
        return version is not None and version != moment.state_version

    def _is_undocumented(self, command: CommandBody, moment: Moment, _has_approval: bool) -> bool:
        is_told = command.cause.strip() and command.necessity.strip()
        return leaves_minimal_risk(command.action, moment.mode) and not is_told

    SIGNATURE_CHECKS: ClassVar[tuple[tuple[Rejection, Callable[["CommandVerifier", bytes, Signatures], bool]], ...]] = (
        (Rejection.MALFORMED, _is_unsigned),
        (Rejection.UNKNOWN_KEY, _is_key_unknown),
        (Rejection.BAD_SIGNATURE, _is_signature_bad),
    )
    """On the bytes as they came."""
    ADDRESS_CHECKS: ClassVar[tuple[tuple[Rejection, Callable[["CommandVerifier", CommandBody], bool]], ...]] = (
        (Rejection.WRONG_VEHICLE, _is_foreign),
        (Rejection.REPLAYED, _is_replayed),
    )
    """On genuine bytes: whether they are news to this vehicle. What passes uses its counter up."""
    CONTENT_CHECKS: ClassVar[
        tuple[tuple[Rejection, Callable[["CommandVerifier", CommandBody, Moment, bool], bool]], ...]
    ] = (
        (Rejection.LIFETIME_TOO_LONG, _lives_too_long),
        (Rejection.FROM_THE_FUTURE, _is_from_the_future),
        (Rejection.EXPIRED, _is_expired),
        (Rejection.MISSING_APPROVER, _lacks_approver),
        (Rejection.UNKNOWN_REQUEST, _answers_nothing),
        (Rejection.STALE_PRECONDITION, _is_stale),
        (Rejection.UNDOCUMENTED, _is_undocumented),
    )
    """On what the command says, and the vehicle as it is."""


def is_another_person(issuer: str, approver: str) -> bool:
    """Return whether two actors are two people: ``role:fingerprint``, where one token may stand for two roles."""
    return issuer.rpartition(":")[2] != approver.rpartition(":")[2]


def _claimed_id(body: bytes) -> str:
    try:
        return parse_body(body).command_id
    except BadInputError:
        return ""
