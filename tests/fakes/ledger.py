"""A ledger in memory: the same promises as the real one, but for durability."""

from collections.abc import Callable, Iterable, Sequence

from mobility.core.clock import Clock
from mobility.core.errors import ReadOnlyError
from mobility.core.events import Envelope
from mobility.core.fold import State, fold
from mobility.core.ports import Committed, Decision
from mobility.core.refusal import Refusal, RefusalCode


class MemoryLedger:
    """Passes the contract of ``mobility.core.ports.Ledger``. Set ``is_read_only`` to play a full disk."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._facts: list[Envelope] = []
        self._state = State()
        self._listeners: list[Callable[[Sequence[Envelope]], None]] = []
        self._commands: dict[str, tuple[str, tuple[Envelope, ...]]] = {}
        self.is_read_only = False

    @property
    def state(self) -> State:
        return self._state

    async def submit(
        self, decide: Decision, *, actor: str, idempotency_key: str | None = None, fingerprint: str = ""
    ) -> Committed | Refusal:
        if self.is_read_only:
            raise ReadOnlyError("the disk is full")
        if idempotency_key is not None and idempotency_key in self._commands:
            known, first = self._commands[idempotency_key]
            if known != fingerprint:
                return Refusal(RefusalCode.IDEMPOTENCY_MISMATCH)
            return Committed(first, self._state, is_repeat=True)
        now = self._clock.now()
        outcome = decide(self._state, now)
        if isinstance(outcome, Refusal):
            return outcome
        seq = len(self._facts)
        envelopes = tuple(
            Envelope(seq=seq + n, recorded_at=now, actor=actor, body=event) for n, event in enumerate(outcome, 1)
        )
        self._state = fold(self._state, list(envelopes))
        self._facts.extend(envelopes)
        if idempotency_key is not None:
            self._commands[idempotency_key] = (fingerprint, envelopes)
        if envelopes:
            for listener in self._listeners:
                listener(envelopes)
        return Committed(envelopes, self._state)

    def subscribe(self, listener: Callable[[Sequence[Envelope]], None]) -> None:
        self._listeners.append(listener)

    def read(self, after_seq: int = 0) -> Iterable[Envelope]:
        return iter(self._facts[after_seq:])
