"""A refund takes back what its purchase would no longer count for missions, and what hung on it (domain.md 3.5, 8).
Part of a sitting."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from loyalty.actions.completing import (
    Completed,
    audit,
    books_of_prize,
    complete_due,
    item_told,
    move_item,
    told,
)
from loyalty.actions.judging_again import can_be_judged, facts_then, is_whole
from loyalty.actions.mission_counting import counted_told
from loyalty.actions.purchases import Purchase
from loyalty.actions.sitting import Sitting
from loyalty.ledger.achievements import Run, RunKey
from loyalty.ledger.book import Cause
from loyalty.ledger.past import Record, past_of
from loyalty.ledger.reading_achievements import challenge_named
from loyalty.ledger.reversals import reverse
from loyalty.models import Achievement, Event, LedgerEntry
from loyalty.rules import challenges as rules
from loyalty.rules import refunds
from loyalty.rules.challenges import MissionRule
from loyalty.rules.kept import from_json
from loyalty.rules.refunds import Net, Refund
from loyalty.rules.situation import with_tier
from programs.conditions.values import plain
from programs.models import Mission

_PLACES = Decimal("0.000001")


def take_progress_back(
    sitting: Sitting, purchase: Purchase, refund: Event, net: Net, asked: Sequence[Refund]
) -> list[LedgerEntry]:
    """Take back what the purchase minus its refunds (`asked`, this one too) would no longer count; the entries that
    reverse rewards. Told in the refund's figures, and audited."""
    achievements = sitting.journal.achievements
    lost: list[dict[str, Any]] = []
    touched: dict[RunKey, Run] = {}
    risen: dict[RunKey, Run] = {}
    for counted in _counted(purchase.event):
        run, mission = _where(sitting, purchase, counted)
        back = _back(sitting, purchase, mission, counted, net, asked)
        if back:
            achievements.count(run, mission, -back)
            if back < 0:
                risen[run.key] = run
            lost.append(counted_told(run, mission, plain(-back)))
            touched[run.key] = run
    if not lost:
        return []
    revoked: list[dict[str, Any]] = []
    entries: list[LedgerEntry] = []
    for run in touched.values():
        revoked += _revoke(sitting, run, refund, entries)
    completed: list[dict[str, Any]] = []
    for run in risen.values():
        done = _complete_again(sitting, purchase, run, refund)
        completed += done.told
        entries += done.entries
    effects = {"counted": lost, "completed": completed, "revoked": revoked}
    refund.figures = (refund.figures or {}) | {"challenges": effects}
    return [entry for entry in entries if entry.event_id == refund.id]


def _complete_again(sitting: Sitting, purchase: Purchase, run: Run, refund: Event) -> Completed:
    """What is left of a purchase may count again, where a condition is not monotone, and complete what fell."""
    own = refund if refund.member_id == run.member_id else None  # after a merge another member's
    at = purchase.event.occurred_at
    return complete_due(sitting.journal, sitting.config, run, event=own, at=at)


def _counted(event: Event) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = ((event.figures or {}).get("challenges") or {}).get("counted", ())
    return found


def _where(sitting: Sitting, purchase: Purchase, counted: dict[str, Any]) -> tuple[Run, Mission]:
    """The run and the mission that an event counted for; of a mission that was removed since, too."""
    challenge = challenge_named(
        sitting.journal.achievements, sitting.config, counted["challenge"], counted["mission"]
    )
    run = sitting.journal.achievements.learn(purchase.owner, challenge, counted["period"])
    known = {str(mission.public_id): mission for mission in challenge.missions.all()}
    return run, known[counted["mission"]]


def _back(
    sitting: Sitting,
    purchase: Purchase,
    mission: Mission,
    counted: dict[str, Any],
    net: Net,
    asked: Sequence[Refund],
) -> Decimal:
    """What is to be taken back of what the purchase counted, less what its earlier refunds have; below zero where
    what is left counts again."""
    amount = Decimal(counted["amount"])
    earlier = sum(
        (
            Decimal(each["amount"])
            for row in purchase.refunds
            for each in _counted(row)
            if (each["mission"], each["period"]) == (counted["mission"], counted["period"])
        ),
        rules.ZERO,
    )
    stays = min(amount, _stays(sitting, purchase, mission, amount, net, asked))
    return amount + earlier - stays


def _stays(
    sitting: Sitting,
    purchase: Purchase,
    mission: Mission,
    amount: Decimal,
    net: Net,
    asked: Sequence[Refund],
) -> Decimal:
    bought = purchase.event
    kept = ((bought.facts or {}).get("challenges") or {}).get(str(mission.id))
    if not can_be_judged(bought) or kept is None:
        if is_whole(net):
            return rules.ZERO
        return amount if mission.measure == Mission.Measure.COUNT else _in_proportion(amount, net)
    rule = MissionRule.from_json(kept)
    left = refunds.net_of(bought.data, bought.amount, asked, {rule.path} - {"", "data.amount"}).data
    if left is None:
        return rules.ZERO
    levels = from_json(bought.facts or {}, referred=False).levels
    return rules.judge(rule, with_tier(facts_then(sitting, bought, left), levels, rule.program_id)).amount


def _in_proportion(amount: Decimal, net: Net) -> Decimal:
    """What stays of a sum whose event's payload is gone: by money."""
    if not net.gross or net.amount is None:
        return amount
    return (amount * net.amount / net.gross).quantize(_PLACES, rounding=ROUND_HALF_UP)


# -- what was achieved with it


def _revoke(sitting: Sitting, run: Run, refund: Event, entries: list[LedgerEntry]) -> list[dict[str, Any]]:
    """The missions of the run that are no longer complete are open again, and so is the challenge, unless they were
    removed from it."""
    journal, found, is_open = sitting.journal, [], False
    for mission in [one for one in run.challenge.missions.all() if one.id in run.done]:
        if not run.step(mission).still_holds:
            gone = run.done.pop(mission.id)
            journal.achievements.revoke(gone, refund)
            audit(journal, run, gone, mission, "revoked", refund)
            found.append(told(run, gone, mission, []))
            is_open = is_open or mission.removed_at is None
    if is_open and run.completion:
        gone, run.completion = run.completion, None
        journal.achievements.revoke(gone, refund)
        rewards = _take_rewards_back(sitting, run, gone, refund, entries)
        audit(journal, run, gone, None, "revoked", refund, rewards=rewards)
        found.append(told(run, gone, None, rewards))
    return found


def _take_rewards_back(
    sitting: Sitting, run: Run, completion: Achievement, refund: Event, entries: list[LedgerEntry]
) -> list[dict[str, Any]]:
    """Reverse its points, and take its items as far as the member still has them; what was taken."""
    journal, taken = sitting.journal, []
    for key in [*completion.entry_ids, *journal.achievements.also_given.get(completion.id, ())]:
        prize = journal.achievements.prizes[key]
        if entry := _reverse(sitting, run, prize, refund):
            entries.append(entry)
            metric = sitting.config.metrics_by_id[prize.account.metric_id]
            what = {"type": "metric", "metric": metric.code, "asked": entry.nominal, "given": entry.points}
            taken.append(what)
    for gift in journal.achievements.gifts.get(completion.id, ()):
        if journal.sales.item(journal.environment.id, run.member_id, gift.item_id).quantity > 0:
            move_item(journal, run, completion, gift.item_id, -1, code=gift.code)
            taken.append(item_told(sitting.config, gift.item_id))
    return taken


def _reverse(sitting: Sitting, run: Run, prize: LedgerEntry, refund: Event) -> LedgerEntry | None:
    """Reverse what is left of a reward's entry; None where nothing is."""
    journal = sitting.journal
    home, wallet = books_of_prize(journal, sitting.config, prize, run.member_id)
    record = journal.achievements.records.get(prize.id) or Record(prize)
    past = past_of(record, home, wallet, since=prize.sequence)
    if past.reversed >= prize.points:
        return None
    own = refund if refund.member_id == prize.member_id else None  # after a merge another member's
    cause = Cause(
        reason=f"{run.challenge.title}: no longer complete", event=own, origin="refund" if own else None
    )
    target = prize.points
    return reverse(home, wallet, past, cumulative_target=target, cause=cause, never_refuse=True).entry
