"""Repairs as a service: disruptions reported or only supposed, drafts side by side, published, discarded, undone.

Drafts live in memory, fifty at most and half an hour long; everything that counts is in the ledger. Publishing decides
anew inside the ledger's writer. Where the plan has changed since, the draft is replaced by a fresh one of the same
disruption, under the same name; where its answer is still the one that was chosen, that is published, otherwise the
answer is ``PLAN_CHANGED``.
"""

from collections.abc import Sequence
from dataclasses import replace

from dispatch.closures import is_active
from dispatch.edge.service import Dispatch, Key
from dispatch.mending import Improve
from dispatch.quote import Service
from dispatch.repair import proposals
from dispatch.undo import PlanKey, Repaired, repaired, undone
from dispatch.what_if import Draft, ended, is_same_answer, reported, republished
from mobility.core.clock import Instant
from mobility.core.disruption import Disruption
from mobility.core.disruption_events import DisruptionReported
from mobility.core.events import Envelope, Event, PlanPublished
from mobility.core.fold import State
from mobility.core.ids import DisruptionId, DriverRef
from mobility.core.plan import DayPlan
from mobility.core.ports import Committed, Ledger
from mobility.core.refusal import Refusal, RefusalCode

DRAFT_MS = 1_800_000
"""A draft is good for half an hour: then too much has happened."""
_MOST_DRAFTS = 50
_MOST_ATTEMPTS = 3
"""So often it is tried to publish an answer that stays the same while reports move the plan on."""
_LOOK_BACK = 500
"""After a restart the last repair is looked for among so many facts."""


class Repairs:
    """What a dispatcher does when a day goes wrong. One per server."""

    def __init__(self, *, dispatch: Dispatch, ledger: Ledger, improve: Improve | None = None) -> None:
        """Repair the plans of ``dispatch``; ``improve`` looks for cheaper orders (see ``dispatch.repair_search``)."""
        self._dispatch = dispatch
        self._ledger = ledger
        self._improve = improve
        self._drafts: dict[str, Draft] = {}
        self._plans = dict(ledger.state.plans)
        self._last: Repaired | None = None
        self._has_looked_back = False
        ledger.subscribe(self._noted)

    def disruptions(self) -> Sequence[Disruption]:
        """Return what was reported and is not over, by begin."""
        now, zone = self._dispatch.clock.now(), self._dispatch.region.zone
        known = self._ledger.state.disruptions.values()
        current = [each for each in known if each.begins > now or is_active(each, now, zone)]
        return sorted(current, key=lambda each: (each.begins, each.disruption_id))

    def drafts(self) -> Sequence[Draft]:
        """Return the drafts that still stand, the newest first."""
        self._forget_old()
        return sorted(self._drafts.values(), key=lambda each: (-each.made_at, each.draft_id))

    def draft(self, draft_id: str) -> Draft | None:
        """Return a draft that still stands."""
        self._forget_old()
        return self._drafts.get(draft_id)

    async def what_if(self, disruption: Disruption, *, substitute: DriverRef | None = None) -> Draft | Refusal:
        """Return what could be done if this happened, or about what was reported; nothing becomes true.

        A disruption without an id gets one. ``substitute`` is somebody who could drive where nobody does.
        """
        area_ids = {area.area_id for area in self._dispatch.region.areas}
        if disruption.area_id not in area_ids:
            return Refusal(RefusalCode.OUTSIDE_AREA, {"area": disruption.area_id})
        if not disruption.disruption_id:
            disruption = replace(disruption, disruption_id=DisruptionId(self._dispatch.references.token()))
        return self._drafted(disruption, self._dispatch.references.token(), substitute)

    async def report(
        self, disruption: Disruption, key: Key, actor: str, *, substitute: DriverRef | None = None
    ) -> Draft | Refusal:
        """Make a disruption a fact, and return what can be done about it."""
        draft = await self.what_if(disruption, substitute=substitute)
        if isinstance(draft, Refusal):
            return draft
        known = draft.disruption
        done = await self._ledger.submit(
            lambda state, _now: reported(state, known),
            actor=actor,
            idempotency_key=key.value,
            fingerprint=key.fingerprint,
        )
        if isinstance(done, Refusal):
            self.discard(draft.draft_id)
            return done
        # A repeated command means the disruption of the first time.
        first = (e.body.disruption for e in done.envelopes if isinstance(e.body, DisruptionReported))
        return self._drafted(next(first, known), draft.draft_id, substitute)

    async def publish(self, draft_id: str, choice: str, key: Key, actor: str) -> Refusal | None:
        """Make the proposal ``choice`` (its ``name``) of a draft true; ``None`` when it was.

        ``PLAN_CHANGED`` when the world has moved on so far that it is another answer: the draft holds fresh proposals.
        """
        seen = draft = self.draft(draft_id)
        denied: Refusal | None = None
        for _ in range(_MOST_ATTEMPTS):
            done = await self._published(draft, choice, key, actor)
            if not isinstance(done, Refusal):
                self.discard(draft_id)
                return None
            denied = done
            if done.code is not RefusalCode.PLAN_CHANGED or draft is None or seen is None:
                break
            fresh = self._drafted(draft.disruption, draft_id, draft.substitute)
            if isinstance(fresh, Refusal) or not is_same_answer(seen, fresh, choice):
                break
            draft = fresh
        return denied

    async def _published(self, draft: Draft | None, choice: str, key: Key, actor: str) -> Committed | Refusal:
        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            proposal = draft.proposal(choice) if draft is not None else None
            if draft is None or proposal is None:
                return Refusal(RefusalCode.UNKNOWN_DRAFT)
            service = self._roads(draft.disruption, state, now)
            return republished(service, state, draft.disruption, proposal, now)

        return await self._ledger.submit(decide, actor=actor, idempotency_key=key.value, fingerprint=key.fingerprint)

    def discard(self, draft_id: str) -> None:
        """Forget a draft; one that is not there is no fault."""
        self._drafts.pop(draft_id, None)

    async def undo(self, key: Key, actor: str) -> Refusal | None:
        """Take the last published repair back; ``None`` when it was."""
        last = self._last_repair()

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            area_id = last.after.area_id if last is not None else self._dispatch.region.areas[0].area_id
            return undone(self._dispatch.service(area_id, state, now), state, last, now)

        done = await self._ledger.submit(decide, actor=actor, idempotency_key=key.value, fingerprint=key.fingerprint)
        return done if isinstance(done, Refusal) else None

    async def end(self, disruption_id: DisruptionId, key: Key, actor: str) -> Refusal | None:
        """Say that a disruption is over; ``None`` when it was taken."""

        def decide(state: State, now: Instant) -> list[Event] | Refusal:
            known = state.disruptions.get(disruption_id)
            area_id = known.area_id if known is not None else self._dispatch.region.areas[0].area_id
            open_roads = {k: each for k, each in state.disruptions.items() if k != disruption_id}
            service = self._dispatch.service(area_id, replace(state, disruptions=open_roads), now)
            return ended(service, state, disruption_id, now)

        done = await self._ledger.submit(decide, actor=actor, idempotency_key=key.value, fingerprint=key.fingerprint)
        return done if isinstance(done, Refusal) else None

    def _drafted(self, disruption: Disruption, draft_id: str, substitute: DriverRef | None) -> Draft | Refusal:
        state, now = self._ledger.state, self._dispatch.clock.now()
        found = proposals(
            self._dispatch.service(disruption.area_id, state, now),
            state,
            disruption,
            now,
            roads=self._roads(disruption, state, now),
            improve=self._improve,
            substitute=substitute,
        )
        if isinstance(found, Refusal):
            self.discard(draft_id)
            return found
        draft = Draft(
            draft_id=draft_id,
            disruption=disruption,
            is_reported=disruption.disruption_id in state.disruptions,
            base_version=found[0].plan.version - 1,
            made_at=now,
            expires_at=Instant(now + DRAFT_MS),
            proposals=found,
            substitute=substitute,
        )
        self._drafts[draft_id] = draft
        self._forget_old()
        return draft

    def _roads(self, disruption: Disruption, state: State, now: Instant) -> Service:
        """Return the service with the roads as they are once the disruption is known."""
        known = replace(state, disruptions={**state.disruptions, disruption.disruption_id: disruption})
        return self._dispatch.service(disruption.area_id, known, Instant(max(now, disruption.begins)))

    def _forget_old(self) -> None:
        now = self._dispatch.clock.now()
        self._drafts = {name: draft for name, draft in self._drafts.items() if draft.expires_at > now}
        while len(self._drafts) > _MOST_DRAFTS:
            self._drafts.pop(min(self._drafts.values(), key=lambda each: (each.made_at, each.draft_id)).draft_id)

    def _noted(self, envelopes: Sequence[Envelope]) -> None:
        self._last = repaired(envelopes, self._plans) or self._last
        for envelope in envelopes:
            if isinstance(envelope.body, PlanPublished):
                plan = envelope.body.plan
                self._plans[plan.area_id, plan.day] = plan
                if envelope.body.cause == "undo":
                    self._last = None  # one step back, not two

    def _last_repair(self) -> Repaired | None:
        if self._last is None and not self._has_looked_back:
            self._last = self._looked_back()
        self._has_looked_back = True
        return self._last

    def _looked_back(self) -> Repaired | None:
        """Return the last repair of before this process began, as far as the newest facts tell."""
        found: Repaired | None = None
        plans: dict[PlanKey, DayPlan] = {}
        commit: list[Envelope] = []
        for envelope in (*self._ledger.read(max(0, self._ledger.state.seq - _LOOK_BACK)), None):
            if commit and (envelope is None or envelope.recorded_at != commit[-1].recorded_at):
                found = repaired(commit, plans) or found
                published = [each.body for each in commit if isinstance(each.body, PlanPublished)]
                plans |= {(each.plan.area_id, each.plan.day): each.plan for each in published}
                found = None if any(each.cause == "undo" for each in published) else found
                commit = []
            if envelope is not None:
                commit.append(envelope)
        return found
