"""A back-test's reading: stored events in chunks, into the running totals (domain.md 4.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from loyalty.models import BackTest
from loyalty.queries.drafts import in_force_always
from loyalty.queries.past_events import (
    EventCounts,
    Given,
    PastEvent,
    Period,
    given_by,
    past_events,
    referrals_before,
)
from loyalty.queries.rules import compiled, revisions_of
from loyalty.queries.rules_then import RulesThen
from loyalty.queries.trial_facts import PastFacts
from loyalty.rules.back_testing import (
    PastReferral,
    RuleSet,
    Trial,
    TriedEvent,
    attributes_read,
    types_counted,
)
from loyalty.rules.earning import CompiledRule
from programs.awards import MultiplierAward, ReferralAward
from programs.models import Program
from programs.queries.snapshots import Snapshot, snapshot

_NOTHING = Given()


def period_of(test: BackTest) -> Period:
    """The events that a back-test tries."""
    return Period(test.environment_id, test.definition["event_type"], test.begins_at, test.ends_at)


class TrialRun:
    """One run of a back-test. `take` each of the `chunks`, then ask for the `result`. It locks nothing."""

    def __init__(self, test: BackTest, *, limit: int) -> None:
        """`limit`: events a chunk. Reads the configuration, and one statement for each counted type."""
        self._config = snapshot(test.environment)
        self._draft = _draft(self._config, test)
        self._limit = limit
        self._period = period_of(test)
        self._rules = RulesThen(self._config, self._draft)
        self._trial = Trial(self._draft, self._config.time_zone)
        tried = [self._draft, *_published(self._config, self._draft.event_type)]
        self._facts = PastFacts(
            event_type=self._draft.event_type,
            zone=self._config.time_zone,
            attributes=attributes_read(tried),
            counts=EventCounts(self._period, types_counted(tried), limit=limit),
        )
        multiplies = any(isinstance(r.award, MultiplierAward) for r in tried if r.id == self._draft.id)
        self._multiplied_by = self._draft.id if multiplies else None
        self._refers = any(isinstance(rule.award, ReferralAward) for rule in tried)
        self._referrals = referrals_before(test.environment_id, test.begins_at) if self._refers else {}
        self.seen = 0
        self.skipped = 0
        """Events whose data retention has erased."""

    def chunks(self) -> Iterator[list[PastEvent]]:
        """The period's events, in time order. One statement a chunk."""
        return past_events(self._period, limit=self._limit, multiplied_by=self._multiplied_by)

    def take(self, chunk: Sequence[PastEvent]) -> None:
        """Try a chunk. One statement for what its events gave, one where members must be read."""
        metric_id, rule_id = self._draft.metric_id, self._draft.id
        given = given_by(chunk, metric_id=metric_id, rule_id=rule_id, with_referrals=self._refers)
        ruled = [(event, self._rules.at(event.program_id, event.occurred_at)) for event in chunk]
        self._facts.prepare(ruled)
        for event, rules in ruled:
            if event.data is not None:
                self._try(event, rules, given.get(event.id, _NOTHING))
            else:
                self.skipped += 1
            self._facts.counts.add(event)
        self.seen += len(chunk)

    def _try(self, event: PastEvent, rules: RuleSet, given: Given) -> None:
        tried = TriedEvent(
            member_id=event.member_id,
            facts=self._facts.facts(event, rules),
            levels=self._facts.levels(event),
            given=given.to_member,
            given_by_rule=given.by_rule + event.multiplied,
            referral=self._referral(event) if self._referrals else None,
            given_to_referrer=given.to_referrer,
        )
        self._trial.take(tried, rules)

    def _referral(self, event: PastEvent) -> PastReferral | None:
        made = self._referrals.get(event.member_id)
        if made is None:
            return None
        is_pending = made.event_id == event.id or made.made_at <= event.occurred_at
        return PastReferral(made.referrer_id, is_pending, by_oneself=made.referrer_id == event.member_id)

    def result(self) -> dict[str, Any]:
        """The totals as JSON values, and in sentences what they leave out."""
        return self._trial.result() | {"skipped": self.skipped, "notes": list(self._notes())}

    def _notes(self) -> Iterator[str]:
        yield "Both figures are before refunds, and what those gave back to caps and budgets is not used again."
        metric = self._config.metrics_by_id[self._draft.metric_id]
        if self._trial.is_limited:
            yield "Caps and budgets begin with nothing used before the period."
        if metric.maximum is not None:
            yield f"The maximum of {metric.maximum} {metric.code} an account is not applied."
        if self._facts.had_levels:
            yield "Members' levels are those they really had then; the draft does not change them."
        program = next(one for one in self._config.programs if one.id == self._draft.program_id)
        if program.status != Program.Status.ACTIVE:
            yield f"The program {program.code} is not active, so that none of its rules gives anything."
        if self._facts.as_today:
            yield f"For {_events(self._facts.as_today)}, members' attributes are as they are today."
        if self._facts.counted:
            yield f"For {_events(self._facts.counted)}, earlier events were counted by when they happened."
        if self.skipped:
            yield f"{_events(self.skipped).capitalize()} left out: their data was erased by retention."


def _events(number: int) -> str:
    return "1 event" if number == 1 else f"{number} events"


def _published(config: Snapshot, event_type: str) -> list[CompiledRule]:
    rules = config.rules_by_event_type.get(event_type, ())
    return revisions_of(config, {rule.revision_id for rule in rules})


def _draft(config: Snapshot, test: BackTest) -> CompiledRule:
    """The draft as it was when the back-test was started, in force at any time. The snapshot, which outlives
    the run, keeps nothing of it."""
    return compiled(replace(config, derived={}), in_force_always(test.rule_id, test.pk, test.definition))
