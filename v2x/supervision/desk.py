"""The vehicle's desk for commands: each is checked once, and what became of it goes out with the next samples."""

from collections.abc import Mapping

from mobility.core.clock import Instant
from mobility.core.supervision import CommandState
from mobility.core.vehicle import DrivingMode
from v2x.extension import CommandReport
from v2x.extension_codec import LONGEST_ID
from v2x.supervision.policy import Policy
from v2x.supervision.signing import Signatures
from v2x.supervision.verifier import Accepted, CommandVerifier, Rejected

_MOST_REPORTS = 32
# Of one sample; what is more waits for the next one.
_MOST_WAITING = 256
# Refusals that may wait. Somebody who floods the vehicle with rubbish must not fill its memory with answers to it.


class CommandDesk:
    """Joins the verifier to the samples of its vehicle."""

    def __init__(
        self, vehicle_id: str, keys: Mapping[str, bytes], *, counter: int = 0, policy: Policy | None = None
    ) -> None:
        """Take what ``CommandVerifier`` takes."""
        self._verifier = CommandVerifier(vehicle_id, keys, counter=counter, policy=policy)
        self._waiting: list[CommandReport] = []

    @property
    def counter(self) -> int:
        """The number to keep on disk before an accepted command is carried out."""
        return self._verifier.counter

    def take(
        self,
        body: bytes,
        signatures: Signatures,
        *,
        now: Instant,
        mode: DrivingMode,
        state_version: int,
        open_request_id: str | None,
    ) -> Accepted | Rejected:
        """Check a command and note the reports: received, then accepted or rejected with the name of the refusal."""
        outcome = self._verifier.check(
            body, signatures, now=now, mode=mode, state_version=state_version, open_request_id=open_request_id
        )
        if isinstance(outcome, Accepted):
            self._note(outcome.body.command_id, CommandState.RECEIVED)
            self._note(outcome.body.command_id, CommandState.ACCEPTED)
        elif self._is_worth_a_report(outcome):
            self._note(outcome.command_id, CommandState.RECEIVED)
            self._note(outcome.command_id, CommandState.REJECTED, outcome.rejection)
        return outcome

    def executed(self, command_id: str) -> None:
        """Note that an accepted command was carried out."""
        self._note(command_id, CommandState.EXECUTED)

    def failed(self, command_id: str, reason: str) -> None:
        """Note that an accepted command could not be carried out after all, and why."""
        self._note(command_id, CommandState.REJECTED, reason)

    def reports(self) -> tuple[CommandReport, ...]:
        """Hand over the reports for the next sample's extension, oldest first; each is handed over once.

        Samples are kept until they are acknowledged, so that a report is never lost with a connection.
        """
        now, self._waiting = self._waiting[:_MOST_REPORTS], self._waiting[_MOST_REPORTS:]
        return tuple(now)

    def _is_worth_a_report(self, outcome: Rejected) -> bool:
        # An id that no report carries was never one of ours.
        return 1 <= len(outcome.command_id) <= LONGEST_ID and len(self._waiting) < _MOST_WAITING

    def _note(self, command_id: str, state: CommandState, reason: str = "") -> None:
        self._waiting.append(CommandReport(command_id=command_id, state=state, reason=reason))
