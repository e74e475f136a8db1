"""An event counts for missions, and may complete them and their challenge (domain.md 8). Part of a sitting: what is
needed was read with everything else, and is written with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from loyalty.actions.completing import complete_due, items_given, may_complete, metrics_given
from loyalty.actions.intake import Item
from loyalty.actions.purchases import Purchase
from loyalty.ledger.achievements import Run, RunKey, missions_of
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_achievements import challenge_named, read_items, read_prizes, read_runs
from loyalty.models import Event, LedgerEntry
from loyalty.queries.challenges_in_force import period_at, why_not_in_force
from loyalty.rules import challenges as rules
from loyalty.rules.challenges import Judgement, MissionRule
from loyalty.rules.earning import Level
from loyalty.rules.situation import with_tier
from programs.conditions import Facts
from programs.conditions.values import plain
from programs.models import Challenge, Mission
from programs.queries.snapshots import Snapshot

_BY_TYPE = UUID(int=0xC4A11)  # what is derived from a snapshot is known by ids


def missions_by_type(config: Snapshot) -> Mapping[str, Sequence[tuple[Challenge, Mission]]]:
    """The missions that events of each type may concern, paused challenges' too: explain says why they counted
    nothing. None where the plan has no challenges. Made once for each snapshot."""
    known: dict[str, list[tuple[Challenge, Mission]]] | None = config.derived.get(_BY_TYPE)
    if known is None:
        known = defaultdict(list)
        for challenge in config.challenges if "challenges" in config.features else ():
            if challenge.status != Challenge.Status.ENDED:
                for mission in missions_of(challenge):
                    known[mission.event_type].append((challenge, mission))
        config.derived[_BY_TYPE] = known = dict(known)
    return known


def missions_for(config: Snapshot, item: Item) -> list[tuple[Challenge, Mission]]:
    """Those that the event may concern."""
    found = missions_by_type(config).get(item.reported.type, ())
    if item.program is None:
        return list(found)
    return [each for each in found if each[0].program_id == item.program.id]


def rule_of(config: Snapshot, challenge: Challenge, mission: Mission) -> MissionRule:
    """Compiled once and kept with the snapshot."""
    kept: MissionRule | None = config.derived.get(mission.id)
    if kept is None:
        kept = config.derived[mission.id] = MissionRule.of(
            condition=mission.condition,
            measure=mission.measure,
            path=mission.field,
            program_id=challenge.program_id,
        )
    return kept


def asked_by_missions(config: Snapshot, item: Item) -> list[MissionRule]:
    return [rule_of(config, *each) for each in missions_for(config, item)]


# -- read before anything is planned


@dataclass(slots=True)
class Touched:
    """The runs that a sitting may move: by events, with the missions that they may count for, and by refunds.
    `completing`: those that may complete, also again after refunds."""

    coming: dict[RunKey, set[UUID]] = field(default_factory=lambda: defaultdict(set))
    undone: set[RunKey] = field(default_factory=set)
    completing: list[Run] = field(default_factory=list)


def read_for(
    journal: Journal, config: Snapshot, items: Sequence[tuple[Item, UUID]], purchases: Iterable[Purchase]
) -> Touched:
    """The runs that these events, each with its member, and refunds of these purchases may move. No statement where
    no mission is of their type; else two, and one each where items may be given or rewards taken back."""
    achievements, touched = journal.achievements, Touched()
    for item, member in items:
        for challenge, mission in missions_for(config, item):
            period = period_at(config, challenge, item.occurred_at)
            touched.coming[member, challenge.id, period].add(mission.id)
    for purchase in purchases:
        touched.undone |= _runs_counted(journal, config, purchase)
    read_runs(achievements, config, [*touched.coming, *touched.undone])
    read_prizes(achievements, touched.undone)
    runs = touched.completing = _completing(journal, touched)
    wanted = set().union(*(items_given(run) for run in runs))
    wanted |= {change.item_id for given in achievements.gifts.values() for change in given}
    read_items(journal.sales, {run.member_id for run in runs}, wanted)
    return touched


def _runs_counted(journal: Journal, config: Snapshot, purchase: Purchase) -> set[RunKey]:
    """The runs that the purchase counted for; now of whoever goes on for its member."""
    counted = ((purchase.event.figures or {}).get("challenges") or {}).get("counted", ())
    found = journal.achievements
    return {
        (
            purchase.owner,
            challenge_named(found, config, each["challenge"], each["mission"]).id,
            each["period"],
        )
        for each in counted
    }


def _completing(journal: Journal, touched: Touched) -> list[Run]:
    runs = journal.achievements.runs
    coming = [runs[key] for key, missions in touched.coming.items() if may_complete(runs[key], missions)]
    return [*coming, *(runs[key] for key in touched.undone)]


def metrics_won(touched: Touched) -> set[UUID]:
    """The metrics of rewards that may be given."""
    return set().union(*(metrics_given(run) for run in touched.completing))


# -- an event


@dataclass(frozen=True, slots=True)
class Judged:
    """What an event counts for one mission."""

    run: Run
    mission: Mission
    rule: MissionRule
    judgement: Judgement


def judge_missions(
    journal: Journal,
    config: Snapshot,
    item: Item,
    member_id: UUID,
    facts: Facts,
    levels: Mapping[UUID, Level],
) -> list[Judged]:
    """What the event counts for each mission of its type. Plans nothing."""
    found, at = [], item.occurred_at
    turns: dict[RunKey, set[UUID]] = {}
    for challenge, mission in missions_for(config, item):
        run = journal.achievements.runs[member_id, challenge.id, period_at(config, challenge, at)]
        rule = rule_of(config, challenge, mission)
        if run.key not in turns:
            turns[run.key] = rules.in_turn(run.steps, sequence=run.is_sequence)
        if why := why_not_in_force(config, challenge, at):
            judged = rules.not_in_force(why)
        else:
            judged = rules.judge(rule, with_tier(facts, levels, rule.program_id))
        if judged.amount and mission.id not in turns[run.key]:
            judged = rules.waiting(_first(run))
        found.append(Judged(run, mission, rule, judged))
    return found


def _first(run: Run) -> str:
    """The title of the mission whose turn it is."""
    return next(
        mission.title
        for mission in run.missions
        if mission.id not in run.done and not run.step(mission).is_reached
    )


def count(journal: Journal, config: Snapshot, event: Event, judged: Sequence[Judged]) -> list[LedgerEntry]:
    """Plan what the event counts and completes; the ledger entries of rewards. Told in the event's explanation and
    figures, audited, and kept for its refunds."""
    if not judged:
        return []
    counted, completed, entries = [], [], []
    kept: dict[str, Any] = {}
    touched: dict[RunKey, Run] = {}
    for one in judged:
        if one.judgement.amount:
            journal.achievements.count(one.run, one.mission, one.judgement.amount)
            counted.append(counted_told(one.run, one.mission, plain(one.judgement.amount)))
            kept[str(one.mission.id)] = one.rule.to_json()
            touched[one.run.key] = one.run
    for run in touched.values():
        done = complete_due(journal, config, run, event=event, at=event.occurred_at)
        completed += done.told
        entries += done.entries
    event.explanation = (event.explanation or {}) | {"challenges": [_verdict(one) for one in judged]}
    if counted:
        effects = {"counted": counted, "completed": completed, "revoked": []}
        event.figures = (event.figures or {}) | {"challenges": effects}
        event.facts = (event.facts or {}) | {"challenges": kept}
    return entries


def counted_told(run: Run, mission: Mission, amount: str) -> dict[str, Any]:
    """What an event or a refund counted, as its figures keep it; `progress` as it is after it, never above the
    target."""
    step = run.step(mission)
    return {
        "challenge": str(run.challenge.public_id),
        "mission": str(mission.public_id),
        "period": run.period,
        "amount": amount,
        "progress": plain(min(step.progress, step.target)),
        "target": plain(step.target),
    }


def _verdict(one: Judged) -> dict[str, Any]:
    return {
        "challenge": str(one.run.challenge.public_id),
        "mission": str(one.mission.public_id),
        "challenge_title": one.run.challenge.title,
        "title": one.mission.title,
        **one.judgement.to_json(),
    }
