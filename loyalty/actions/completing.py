"""Missions that have reached their targets are complete, and with them their challenge, which gives its rewards
(domain.md 8). Planned in a journal; under the lock of the member's row."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from secrets import randbelow
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.actions.points import credit
from loyalty.ledger.achievements import Run
from loyalty.ledger.book import CHALLENGE
from loyalty.ledger.posting import Book, Cause, Journal
from loyalty.models import Achievement, Event, LedgerEntry
from loyalty.models.ledger import MAX_TOTAL
from loyalty.rules import challenges as rules
from programs.code_patterns import fill
from programs.models import ChallengeReward, InventoryItem, Mission
from programs.queries.snapshots import Snapshot, snapshot


@dataclass(slots=True)
class Completed:
    """What a run has just achieved: told as an event's figures keep it, and the entries that it gave."""

    told: list[dict[str, Any]] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)


def may_complete(run: Run, coming: Collection[UUID]) -> bool:
    """Whether events for these missions could complete the challenge."""
    return run.completion is None and all(
        mission.id in run.done or mission.id in coming or run.step(mission).is_reached
        for mission in run.missions
    )


def metrics_given(run: Run) -> set[UUID]:
    """The metrics of its rewards: a completion needs the member's accounts in them locked."""
    return {reward.metric_id for reward in run.challenge.rewards.all() if reward.metric_id}


def items_given(run: Run) -> set[UUID]:
    return {reward.item_id for reward in run.challenge.rewards.all() if reward.item_id}


def complete_due(
    journal: Journal, config: Snapshot, run: Run, *, event: Event | None, at: datetime
) -> Completed:
    """Complete the run's missions that have reached their targets, and the challenge where all are; give its
    rewards. `at`: when it was done; `event`: what did it, if one did.

    Locked must be the member and their accounts in `metrics_given`, and `items_given` should be read.
    """
    done = Completed()
    missions = {mission.id: mission for mission in run.missions}
    for key in rules.newly_done(run.steps, sequence=run.is_sequence):
        mission = missions[key]
        made = journal.achievements.complete_mission(run, mission, event, at)
        done.told.append(told(run, made, mission, []))
        audit(journal, run, made, mission, "completed", event)
    if run.completion is None and rules.is_complete(missions.keys(), run.done.keys()):
        made = journal.achievements.complete_challenge(run, event, at)
        given = [
            _give(journal, config, run, made, reward, event, done) for reward in run.challenge.rewards.all()
        ]
        done.told.append(told(run, made, None, given))
        audit(journal, run, made, None, "completed", event, rewards=given)
    return done


def told(
    run: Run, achievement: Achievement, mission: Mission | None, rewards: list[dict[str, Any]]
) -> dict[str, Any]:
    """An achievement as an event's figures keep it, by public ids."""
    return {
        "id": public("ach", achievement.id),
        "kind": str(achievement.kind),
        "challenge": str(run.challenge.public_id),
        "mission": str(mission.public_id) if mission else None,
        "title": mission.title if mission else run.challenge.title,
        "period": run.period,
        "rewards": rewards,
    }


def audit(
    journal: Journal,
    run: Run,
    achievement: Achievement,
    mission: Mission | None,
    what: str,
    event: Event | None,
    **more: Any,
) -> None:
    """Plan the audit event of an achievement: `completed` or `revoked`."""
    journal.audit(
        verb=f"{'mission' if mission else 'challenge'}.{what}",
        object_type="achievement",
        object_id=public("ach", achievement.id),
        member_id=run.member_id,
        after={
            "challenge": str(run.challenge.public_id),
            **({"mission": str(mission.public_id)} if mission else {}),
            "period": run.period,
            **more,
        },
        event_id=event.event_id if event else None,
        occurred_at=achievement.occurred_at,
    )


# -- rewards


def _give(
    journal: Journal,
    config: Snapshot,
    run: Run,
    achievement: Achievement,
    reward: ChallengeReward,
    event: Event | None,
    done: Completed,
) -> dict[str, Any]:
    if reward.metric_id:
        return _give_points(journal, config, run, achievement, reward, event, done)
    assert reward.item  # noqa: S101 - the database says so
    coupon = config.coupons_by_item.get(reward.item.pk)
    code = fill(coupon.code_pattern, randbelow) if coupon and coupon.code_pattern else None
    move_item(journal, run, achievement, reward.item.pk, 1, code=code)
    return item_told(config, reward.item.pk)


def item_told(config: Snapshot, item: UUID) -> dict[str, Any]:
    """An item or coupon as an event's figures keep it."""
    known = config.items_by_id.get(item)
    if known is None:  # made since the configuration was read
        found = InventoryItem.objects.select_related("inventory_set").get(pk=item)
        known = found.inventory_set, found
    inventory_set, row = known
    kind = "coupon" if item in config.coupons_by_item else "inventory_item"
    return {"type": kind, "set": inventory_set.public_id, "item": row.public_id}


def _give_points(
    journal: Journal,
    config: Snapshot,
    run: Run,
    achievement: Achievement,
    reward: ChallengeReward,
    event: Event | None,
    done: Completed,
) -> dict[str, Any]:
    """As many as the metric's maximum leaves room for; what was cut is told."""
    assert reward.metric_id and reward.quantity  # noqa: S101, PT018 - the database says so
    unit, asked = config.metrics_by_id[reward.metric_id], reward.quantity
    book = journal.book_of(run.member_id, unit)
    room = MAX_TOTAL - max(book.account.total, book.account.earned)
    cause = Cause(
        reason=run.challenge.title,
        event=event,
        origin=f"{CHALLENGE}{run.challenge.id.hex}:{reward.place}",
    )
    entry = credit(
        book,
        config,
        unit,
        type="bonus",
        points=min(asked, room),
        cause=cause,
        occurred_at=min(achievement.occurred_at, journal.now),
        asked=asked if room < asked else None,
    )
    if entry:
        achievement.entry_ids.append(entry.id)
        journal.achievements.prizes[entry.id] = entry
        done.entries.append(entry)
    return {"type": "metric", "metric": unit.code, "asked": asked, "given": entry.points if entry else 0}


def move_item(
    journal: Journal, run: Run, achievement: Achievement, item: UUID, by: int, *, code: str | None = None
) -> None:
    """Plan that the challenge gives the item, or takes it back."""
    row = journal.sales.item(journal.environment.id, run.member_id, item)
    row.quantity += by
    journal.sales.items[run.member_id, item] = row
    change = journal.note_item(run.member_id, item, by, achievement_id=achievement.id, code=code)
    journal.audit(
        verb="item.received" if by > 0 else "item.lost",
        object_type="item_change",
        object_id=public("itc", change.id),
        member_id=run.member_id,
        after={
            **item_told(snapshot(journal.environment), item),
            "quantity": abs(by),
            "achievement": public("ach", achievement.id),
        },
    )
    if by > 0:
        journal.achievements.gifts.setdefault(achievement.id, []).append(change)


def books_of_prize(journal: Journal, config: Snapshot, entry: LedgerEntry, holder: UUID) -> tuple[Book, Book]:
    """The book of the account in which a reward was given, and that of whoever holds its points now."""
    metric = config.metrics_by_id[entry.account.metric_id]
    home = journal.book_of(entry.member_id, metric)
    return home, home if holder == entry.member_id else journal.book_of(holder, metric)
