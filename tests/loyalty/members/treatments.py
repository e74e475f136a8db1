"""What becomes of each kind of row that is a member's: when a purchase is refunded, when the member is merged,
exported, erased (docs/members.md). A sentence says why nothing does.

A new model with a member needs an entry here, and what it says must be so: `test_every_member_model` tries it.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from audit.models import AuditEvent, WebhookDelivery, WebhookSequence
from loyalty.models import (
    Account,
    Achievement,
    ActiveMember,
    AdjustmentRequest,
    Event,
    EventCount,
    Hold,
    HoldLot,
    IdempotencyRecord,
    ItemChange,
    LedgerEntry,
    Lot,
    LotUse,
    Member,
    MemberItem,
    MemberTier,
    MilestoneChange,
    MissionProgress,
    Redemption,
    Referral,
    ReferralCode,
    RewardCode,
    RuleUsage,
    Stamp,
    StampCollection,
    StampReward,
    TierChange,
    TierProgress,
    Uncovered,
)

Rows = Sequence[Any]
Export = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Treatment:
    """`refunded`, `merged`: what of the rows is the same after a purchase and its refund as before, and after
    a merge at the survivor as before at both; or why they stay. `exported`: how many of its rows an export
    holds; or why none. `left`: how many rows an erasure leaves of so many; `why` those stay."""

    refunded: Callable[[Rows], Any] | str
    merged: Callable[[Rows], Any] | str
    exported: Callable[[Export], int] | str
    left: Callable[[Rows], int]
    why: str = ""


def none(rows: Rows) -> int:
    return 0


def _sums(*columns: str, by: Sequence[str] = ()) -> Callable[[Rows], Any]:
    """The sums of these columns, by others; without those that are zero."""

    def measure(rows: Rows) -> Any:
        found: Counter[Any] = Counter()
        for row in rows:
            for column in columns:
                found[(*(getattr(row, name) for name in by), column)] += getattr(row, column)
        return {key: figure for key, figure in found.items() if figure}

    return measure


def _open_holds(rows: Rows) -> int:
    return sum(row.points for row in rows if row.status == "open")


def _pieces(rows: Rows) -> int:
    return sum(row.points for row in rows if row.hold.status == "open")


def _highest(rows: Rows) -> Any:
    return max((row.tier.threshold for row in rows if row.tier), default=None)


def _waiting(rows: Rows) -> Any:
    """Of pending referrals: who waits. The referrer is the merged member, then the survivor."""
    return {row.member_id for row in rows if row.status == "pending"}


def _to_pay(rows: Rows) -> Any:
    return Counter((row.stamp_program_id, row.amount) for row in rows if row.status == "issued")


def _collected(rows: Rows) -> int:
    return sum(row.returned_at is None for row in rows)


def _achieved(rows: Rows) -> Any:
    return {
        (row.kind, row.challenge_id, row.mission_id, row.period) for row in rows if row.revoked_at is None
    }


def _reached(rows: Rows) -> Any:
    """The milestone at which each set stands, by its newest crossing."""
    return {row.milestone_set_id: row.to_id for row in rows}


def _asked(rows: Rows) -> Any:
    return Counter((row.metric_id, row.points) for row in rows if row.status == "pending")


def _within(section: str, part: str) -> Callable[[Export], int]:
    return lambda export: sum(len(row[part]) for row in export[section])


FACT = "It says what happened, and that remains so."
HISTORY = (
    "History stays where it was written; the merged id redirects, and its own past is still asked by it."
)
FIGURES = "Balances are their sum; what could name the person is blanked."
BOUGHT = "What points have bought stays bought; a refund takes back points."
KEYS = "It names nobody but by keys, which lead to blank rows."

TREATMENTS: dict[type[Model], Treatment] = {
    Member: Treatment(
        refunded="A refund is of points, not of who has them.",
        merged="The row is left as the tombstone that redirects; attributes are not taken over.",
        exported=lambda export: 1 + len(export["member"]["merged"]),
        left=len,
        why="Keys of other rows point at it; id, attributes and redirect are blank.",
    ),
    Account: Treatment(
        refunded=_sums("total", "pending", "held", by=["metric_id"]),
        merged=_sums("total", "pending", "held", by=["metric_id"]),
        exported=lambda export: len(export["accounts"]),
        left=len,
        why=FIGURES,
    ),
    LedgerEntry: Treatment(
        refunded=_sums("points", by=["account_id"]),
        merged=_sums("points", by=["account_metric"]),
        exported=lambda export: len(export["transactions"]),
        left=len,
        why=FIGURES,
    ),
    Lot: Treatment(
        refunded=_sums("remaining", "held", by=["account_id"]),
        merged=_sums("remaining", "held", by=["account_metric"]),
        exported=_within("transactions", "lots"),
        left=len,
        why=FIGURES,
    ),
    LotUse: Treatment(
        refunded=FACT,
        merged=HISTORY,
        exported=_within("transactions", "uses"),
        left=len,
        why=FIGURES,
    ),
    Uncovered: Treatment(
        refunded="What a refund can't take from lots is noted there; nothing of it is taken back.",
        merged=_sums("open", by=["account_metric", "kind"]),
        exported=_within("transactions", "uncovered"),
        left=len,
        why=FIGURES,
    ),
    Hold: Treatment(
        refunded="Held points count as spent; a refund does not release them.",
        merged=_open_holds,
        exported=lambda export: len(export["holds"]),
        left=len,
        why=FIGURES,
    ),
    HoldLot: Treatment(
        refunded="Held points count as spent; a refund does not release them.",
        merged=_pieces,
        exported=_within("holds", "lots"),
        left=len,
        why=FIGURES,
    ),
    AdjustmentRequest: Treatment(
        refunded="A refund is of a purchase; what is asked for by hand waits as before.",
        merged=_asked,
        exported=lambda export: len(export["adjustment_requests"]),
        left=len,
        why="Who decided what remains so; what waited is withdrawn, and the notes are blanked.",
    ),
    Event: Treatment(
        refunded=FACT + " The refund is an event of its own.",
        merged=HISTORY,
        exported=lambda export: len(export["events"]),
        left=len,
        why="Its id outlives its payload, so that it is not reported twice; amounts are figures.",
    ),
    EventCount: Treatment(
        refunded="It counts what was reported; that a purchase was the first remains so.",
        merged=_sums("count", by=["type"]),
        exported=lambda export: len(export["event_counts"]),
        left=len,
        why="Numbers by type of event, which name nobody.",
    ),
    RuleUsage: Treatment(
        refunded=_sums("points", "times", by=["rule_id", "period"]),
        merged=_sums("points", "times", by=["rule_id", "period"]),
        exported=lambda export: len(export["usage"]),
        left=none,
    ),
    MemberTier: Treatment(
        refunded="A refund lowers progress at once, the level at its next evaluation.",
        merged=_highest,
        exported=lambda export: len(export["tiers"]["levels"]),
        left=none,
    ),
    TierProgress: Treatment(
        refunded=_sums("figure", by=["ladder_id", "day"]),
        merged=_sums("figure", by=["ladder_id", "day"]),
        exported=lambda export: len(export["tiers"]["progress"]),
        left=none,
    ),
    ActiveMember: Treatment(
        refunded=FACT,
        merged="They stay; who counts by day counts a merged member as the survivor.",
        exported="It says of which days the transactions are, which are exported.",
        left=len,
        why=KEYS,
    ),
    TierChange: Treatment(
        refunded=FACT,
        merged=HISTORY,
        exported=lambda export: len(export["tiers"]["changes"]),
        left=len,
        why=KEYS,
    ),
    Redemption: Treatment(
        refunded=BOUGHT,
        merged=HISTORY + " It is fulfilled and cancelled for the survivor, and counts for their limits.",
        exported=lambda export: len(export["redemptions"]),
        left=len,
        why="Stock and reports count it; what waited is cancelled, what was written about it is blanked.",
    ),
    RewardCode: Treatment(
        refunded=BOUGHT,
        merged=HISTORY + " A till takes it as before.",
        exported=lambda export: sum(row["code"] is not None for row in export["redemptions"]),
        left=len,
        why="That it was issued, or used, remains so, and nobody can use it; the place is blanked. Of one that was"
        " made for them the text too; an uploaded one is the tenant's.",
    ),
    MemberItem: Treatment(
        refunded=_sums("quantity", by=["item_id"]),
        merged=_sums("quantity", by=["item_id"]),
        exported=lambda export: len(export["items"]["owned"]),
        left=none,
    ),
    ItemChange: Treatment(
        refunded=FACT,
        merged=HISTORY + " That items went along is a change at both.",
        exported=lambda export: len(export["items"]["changes"]),
        left=len,
        why=KEYS[:-1] + "; the code of a coupon is blanked.",
    ),
    MissionProgress: Treatment(
        refunded=_sums("progress", by=["mission_id", "period"]),
        merged=_sums("progress", by=["mission_id", "period"]),
        exported=lambda export: len(export["challenges"]["progress"]),
        left=none,
    ),
    Achievement: Treatment(
        refunded=_achieved,
        merged=_achieved,
        exported=lambda export: len(export["challenges"]["achievements"]),
        left=len,
        why="Entries of the ledger hang on it; what the member was told is blanked.",
    ),
    MilestoneChange: Treatment(
        refunded=_reached,
        merged=HISTORY + " What comes along crosses milestones at both.",
        exported=lambda export: len(export["challenges"]["milestones"]),
        left=len,
        why="It names keys, an entry and milestones.",
    ),
    StampCollection: Treatment(
        refunded=_sums("counter", by=["stamp_program_id"]),
        merged=_sums("counter", by=["stamp_program_id"]),
        exported=lambda export: len(export["stamp_collections"]),
        left=len,
        why="Nobody finds it; stamps and rewards point at it.",
    ),
    StampReward: Treatment(
        refunded=_to_pay,
        merged=_to_pay,
        exported=_within("stamp_collections", "rewards"),
        left=len,
        why="What was paid stays so, for reports; what was to be paid is revoked, and the reference is blanked.",
    ),
    Stamp: Treatment(
        refunded=_collected,
        merged=_collected,
        exported=_within("stamp_collections", "stamps"),
        left=len,
        why="Rewards name it; " + KEYS[0].lower() + KEYS[1:],
    ),
    ReferralCode: Treatment(
        refunded="A code is no effect of an event.",
        merged="Codes stay valid: they lead to the survivor through the redirect.",
        exported=lambda export: len(export["referrals"]["codes"]),
        left=none,
    ),
    Referral: Treatment(
        refunded="Both sides' points are taken back; that the one came through the other remains so.",
        merged=_waiting,
        exported=lambda export: len(export["referrals"]["came_through"] + export["referrals"]["brought"]),
        left=lambda rows: sum(row.status == "awarded" for row in rows),
        why=KEYS,
    ),
    AuditEvent: Treatment(
        refunded=FACT,
        merged=HISTORY,
        exported=lambda export: len(export["audit_events"]),
        left=len,
        why="Seals prove that none is missing; what it says of the person is blanked.",
    ),
    WebhookDelivery: Treatment(
        refunded=FACT,
        merged="What was told was told of the member it happened to.",
        exported="It repeats an audit event, which is exported, and goes after 30 days.",
        left=len,
        why="That something was told remains so; what was answered is blanked, and of an erased event nothing is told.",
    ),
    WebhookSequence: Treatment(
        refunded="A refund is told with the next number.",
        merged="The survivor's events go on with the survivor's numbers.",
        exported="It is a number that every webhook of the member shows.",
        left=len,
        why=KEYS,
    ),
    IdempotencyRecord: Treatment(
        refunded=FACT,
        merged="An answer is kept under its key, whoever asks again.",
        exported="Answers repeat what is exported, as it was sent, and go after 30 days.",
        left=len,
        why="The key stays used; the answer is blanked.",
    ),
}
