"""The shapes of the engine's JSON: bodies and answers. Made by sdk/generate.py."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict


class AchievementReward(TypedDict):
    """One of `metric` with `asked` and `given`; `set` with `item`. A coupon is an item of the set
    `coupons`."""

    type: Literal["metric", "inventory_item", "coupon"]
    metric: NotRequired[str]
    asked: NotRequired[int]
    # Less than was asked where the metric's maximum cut it.
    given: NotRequired[int]
    set: NotRequired[str]
    item: NotRequired[str]


class Achievement(TypedDict):
    # ach_…
    id: str
    achieved: Literal["mission", "challenge"]
    challenge: str
    mission: str | None
    title: str
    period: str
    rewards: list[AchievementReward]


class Actor(TypedDict):
    kind: str
    id: str


class AdjustBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    # Signed: 50 gives, -50 takes.
    points: int
    reason: Literal["correction", "goodwill", "complaint", "missing_points", "fraud", "migration", "other"]
    # Why, in words; it stands in the audit trail.
    note: str
    # points, if absent.
    metric: NotRequired[str]


class AudienceActionBody(TypedDict):
    # What the member did: the event's type.
    action: str
    # What missions and rules may look at; at most 32 KiB. null: none.
    data: NotRequired[dict[str, str | int | float | Decimal | bool] | None]


class AudienceChallenge(TypedDict):
    id: str
    title: str
    subtitle: str | None
    notification: AudienceNotified
    showInProfile: bool
    showInRail: bool
    time: AudienceTime
    missions: list[AudienceMission]
    rewards: list[AudienceReward]


class AudienceChallengeState(TypedDict):
    isCompleted: bool
    missionsCompleted: list[str]


class AudienceConfig(TypedDict):
    metrics: list[AudienceMetric]
    inventory: list[AudienceInventorySet]
    challenges: list[AudienceChallenge]


class AudienceConfigAnswer(TypedDict):
    message: Literal["OK"]
    data: AudienceConfig


class AudienceCoupon(TypedDict):
    id: str
    title: str
    link: str | None
    coupon_id: str | None
    coupon_type: str | None
    coupon_code: str | None
    showOnNotification: bool


class AudienceCouponAnswer(TypedDict):
    message: Literal["OK"]
    data: AudienceCoupon


class AudienceError(TypedDict):
    """A refusal; the codes are those of /v1."""

    message: str
    code: Literal[
        "invalid_request",
        "authentication_failed",
        "permission_denied",
        "feature_not_in_plan",
        "plan_limit_exceeded",
        "not_found",
        "program_not_found",
        "purchase_not_found",
        "method_not_allowed",
        "not_acceptable",
        "insufficient_balance",
        "not_reversible",
        "use_cancel",
        "already_reversed",
        "hold_not_open",
        "maximum_reached",
        "approval_required",
        "approval_closed",
        "reward_not_available",
        "not_eligible",
        "member_limit_reached",
        "out_of_stock",
        "code_already_used",
        "code_expired",
        "redemption_closed",
        "event_id_reused",
        "event_too_late",
        "refund_exceeds_purchase",
        "already_referred",
        "already_enrolled",
        "stamp_program_not_available",
        "stamp_reward_closed",
        "member_frozen",
        "idempotency_key_in_use",
        "environment_archived",
        "payload_too_large",
        "unsupported_media_type",
        "idempotency_key_reused",
        "rate_limited",
        "internal_error",
        "service_unavailable",
    ]


class AudienceHistoryAnswer(TypedDict):
    message: Literal["OK"]
    data: list[AudienceLine]
    # Only where a window is set: nothing from then on is left out. Unix time in milliseconds.
    history_from: NotRequired[int]


class AudienceInventoryChanges(TypedDict):
    received: list[AudienceItemName]
    lost: list[AudienceItemName]


class AudienceInventorySet(TypedDict):
    id: str
    title: str
    items: list[AudienceItem]


class AudienceItem(TypedDict):
    id: str
    title: str
    # An address.
    media: str | None


class AudienceItemName(TypedDict):
    setId: str
    itemId: str


class AudienceLine(TypedDict):
    id: str
    # Unix time in milliseconds.
    timestamp: int
    type: Literal[
        "missionCompleted",
        "challengeCompleted",
        "missionRevoked",
        "challengeRevoked",
        "metricChanged",
        "inventoryChanged",
    ]
    payload: AudiencePayload


class AudienceMetric(TypedDict):
    id: str
    title: str
    # An address.
    media: str | None
    defaultValue: int
    minimumValue: int | None
    maximumValue: int | None


class AudienceMetricChange(TypedDict):
    oldValue: int
    newValue: int


class AudienceMilestoneChange(TypedDict):
    # A milestone; null: below the first one.
    oldValue: str | None
    newValue: str | None


class AudienceMission(TypedDict):
    id: str
    title: str
    # Its own word, else the type of the events that count.
    type: str
    notification: AudienceNotified


class AudienceNotification(TypedDict):
    # ach_…
    id: str
    # Unix time in milliseconds.
    timestamp: int
    type: Literal["missionCompleted", "challengeCompleted"]
    display: Literal["none", "toast", "popup"]
    title: str | None
    message: str | None
    payload: AudiencePayload


class AudienceNotificationsAnswer(TypedDict):
    message: Literal["OK"]
    data: list[AudienceNotification]


class AudienceNotified(TypedDict):
    display: Literal["none", "toast", "popup"]
    title: str | None
    message: str | None


class AudiencePayload(TypedDict):
    challengeId: str | None
    missionId: str | None
    # By metric.
    metricChanges: dict[str, AudienceMetricChange]
    inventoryChanges: AudienceInventoryChanges
    # By milestone set.
    milestoneChanges: dict[str, AudienceMilestoneChange]


class AudienceProfile(TypedDict):
    # By metric.
    metrics: dict[str, int]
    # The items by inventory set.
    inventory: dict[str, list[str]]
    # By challenge.
    challenges: dict[str, AudienceChallengeState]


class AudienceProfileAnswer(TypedDict):
    message: Literal["OK"]
    data: AudienceProfile


class AudienceReward(TypedDict):
    type: Literal["metric", "inventory_item", "coupon"]
    metricId: str | None
    metricQuantity: int | None
    # Of a coupon `coupons`.
    inventorySetId: str | None
    # Of a coupon its id.
    inventoryItemId: str | None


AudienceTime = TypedDict(
    "AudienceTime",
    {
        "showInUI": "bool",
        "from": "int | None",
        "to": "int | None",
    },
)


class AuditEvent(TypedDict):
    id: str
    verb: str
    object: AuditObject
    actor: Actor
    organization_id: str | None
    project_id: str | None
    environment_id: str | None
    event_id: str | None
    trace_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    ip: str | None
    occurred_at: str
    recorded_at: str


class AuditObject(TypedDict):
    type: str
    id: str


class AwardBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    points: int
    # Shown in the history.
    reason: NotRequired[str]
    type: NotRequired[Literal["earned", "bonus"]]
    # Kept with the transaction.
    metadata: NotRequired[dict[str, Any]]
    # Overrides the metric's expiry.
    expires_at: NotRequired[datetime | str]
    # points, if absent.
    metric: NotRequired[str]
    # Code or id; any program, if absent. By its id also one that another project shares with yours.
    program: NotRequired[str]


# The events with `from` <= occurred_at < `to`.
BackTestBody = TypedDict(
    "BackTestBody",
    {
        "from": "datetime | str",
        "to": "datetime | str",
    },
)


class BackTestResult(TypedDict):
    """In points of the rule's metric, before refunds: what `would` have been given, and what was
    `given`."""

    metric: str
    events: int
    # Events whose data retention has erased.
    skipped: int
    members: int
    members_affected: int
    would: int
    given: int
    # What the draft itself would have given.
    this_rule: int
    this_rule_given: int
    this_rule_members: int
    # Events by what the draft made of them: the outcome of its verdict, or not_reached.
    outcomes: dict[str, int]
    budget: BudgetFound | None
    days: list[DayFound]
    most_affected: list[MemberFound]
    # What the figures leave out, in sentences.
    notes: list[str]


BackTest = TypedDict(
    "BackTest",
    {
        "id": "str",
        "rule_id": "str",
        "status": "Literal['queued', 'running', 'done', 'failed']",
        "from": "str",
        "to": "str",
        "total": "int",
        "done": "int",
        "error": "str | None",
        "created_at": "str",
        "started_at": "str | None",
        "finished_at": "str | None",
        "result": "BackTestResult | None",
    },
)


class BalanceAsOf(TypedDict):
    metric: str
    # What can be spent now.
    balance: int
    total: int
    pending: int
    held: int
    # How far below zero: the next credits pay it.
    debt: int
    # What reversals could not take: points given back pay it.
    shortfall: int
    lifetime: Lifetime
    expiring: list[Expiring]
    # With `lots=true`: what is open, first to be spent first.
    lots: NotRequired[list[OpenLot]]


class Balance(TypedDict):
    metric: str
    # What can be spent now.
    balance: int
    total: int
    pending: int
    held: int
    # How far below zero: the next credits pay it.
    debt: int
    # What reversals could not take: points given back pay it.
    shortfall: int
    lifetime: Lifetime
    expiring: list[Expiring]


class Balances(TypedDict):
    member_id: str
    # The environment's time that is shown; null with recorded_as_of alone.
    as_of: str | None
    # What was recorded by then is counted; null: all.
    recorded_as_of: str | None
    data: list[BalanceAsOf]


class BatchBody(TypedDict):
    # 1 to 1,000 events, as POST /v1/events takes them; at most 8 MiB together.
    events: list[Any]


class BatchError(TypedDict):
    """The refusal of one event, as it would have got it by itself; some codes carry more data."""

    code: str
    title: str
    detail: str
    # Each by its place in the list: `events[3].type`.
    errors: list[FieldProblem]


class BatchResult(TypedDict):
    # As sent; null where there was none.
    event_id: str | None
    outcome: Literal["applied", "duplicate", "refused"]
    event: Event | None
    effects: list[Effect]
    reasons: list[Reason]
    error: BatchError | None


class Batch(TypedDict):
    # One for each event, in the order of the list.
    results: list[BatchResult]


class BudgetFound(TypedDict):
    limit: int
    spent: int


class CancelBody(TypedDict):
    # Everything that is left, if absent.
    points: NotRequired[int]
    # Why; shown in the history.
    reason: NotRequired[str]


class CancelRedemptionBody(TypedDict):
    # Why; it stands with the redemption, and in the history.
    reason: NotRequired[str]


class CaptureBody(TypedDict):
    # At most what is held; all, if absent.
    points: NotRequired[int]
    # That of the hold, if absent.
    reason: NotRequired[str]


class Capture(TypedDict):
    hold: Hold
    transaction: Transaction


class ChallengeBody(TypedDict):
    title: str
    subtitle: NotRequired[str]
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # ever, if absent.
    per: NotRequired[Literal["ever", "day", "week", "month"]]
    # any, if absent.
    mission_order: NotRequired[Literal["any", "sequence"]]
    place: NotRequired[int]
    # true, if absent; likewise the next two.
    show_in_profile: NotRequired[bool]
    show_in_rail: NotRequired[bool]
    show_time: NotRequired[bool]
    notification: NotRequired[NotificationBody]
    # All of them, in their order.
    missions: NotRequired[list[MissionBody]]
    # All of them.
    rewards: NotRequired[list[ChallengeRewardBody]]
    # Chosen, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class ChallengeEffects(TypedDict):
    """What became of the customer's challenges by an event."""

    counted: list[MissionCounted]
    completed: list[Achievement]
    revoked: list[Achievement]


class ChallengeFigures(TypedDict):
    """How far customers are in the period of now: of a challenge that repeats, this day, week or
    month."""

    challenge_id: str
    program: str
    title: str
    status: Literal["draft", "active", "paused", "ended"]
    # Who began.
    started: int
    missions: list[ChallengeStep]
    # Who completed all of it.
    completed: int
    # Completed of started, 0 to 1; null where nobody began.
    completion_rate: int | Decimal | None


class ChallengeRewardBody(TypedDict):
    type: Literal["metric", "inventory_item", "coupon"]
    # Of metric, with quantity.
    metric: NotRequired[str]
    quantity: NotRequired[int]
    # Of inventory_item, with item.
    set: NotRequired[str]
    item: NotRequired[str]
    # Of coupon: its id.
    coupon: NotRequired[str]


class ChallengeReward(TypedDict):
    """One of `metric` with `quantity`; `set` with `item`; `coupon`."""

    type: Literal["metric", "inventory_item", "coupon"]
    metric: NotRequired[str]
    quantity: NotRequired[int]
    set: NotRequired[str]
    item: NotRequired[str]
    coupon: NotRequired[str]


class Challenge(TypedDict):
    id: str
    program: str
    title: str
    subtitle: str
    status: Literal["draft", "active", "paused", "ended"]
    starts_at: str | None
    ends_at: str | None
    # How often a member can complete it: ever: once; else once in each local day, week or month.
    per: Literal["ever", "day", "week", "month"]
    # sequence: a mission counts once those before it are complete.
    mission_order: Literal["any", "sequence"]
    # Lower ones come first in the app.
    place: int
    show_in_profile: bool
    show_in_rail: bool
    show_time: bool
    notification: Notification
    # In their order.
    missions: list[Mission]
    # What a member gets who has completed all missions.
    rewards: list[ChallengeReward]
    created_at: str
    updated_at: str


class ChallengeStep(TypedDict):
    mission_id: str
    title: str
    # Who completed it.
    members: int


class ClockBody(TypedDict):
    # Time stands still here until it is set again; null: real time.
    now: datetime | str | None


class CodeProblem(TypedDict):
    # Its place in the list, from 1.
    line: int
    code: str
    problem: str


class CodeRulesBody(TypedDict):
    source: Literal["none", "generated", "pool"]
    # Of generated ones: at least 8 #, each a letter or digit; REDEEM-########, if absent.
    pattern: NotRequired[str]
    valid_days: NotRequired[int | None]
    # true, if absent.
    returns_codes: NotRequired[bool]


class CodeRules(TypedDict):
    source: Literal["none", "generated", "pool"]
    # Of generated ones: each # is a letter or a digit.
    pattern: str | None
    # null: a code never expires.
    valid_days: int | None
    # Whether a cancelled redemption gives its uploaded code back to the pool.
    returns_codes: bool
    # Of a pool: the codes that are left; at most 1,000 are counted.
    available: int | None


class Code(TypedDict):
    # null once its customer is erased.
    code: str | None
    status: Literal["available", "issued", "used", "expired", "void"]
    source: Literal["generated", "pool"]
    redemption_id: str | None
    added_at: str
    issued_at: str | None
    expires_at: str | None
    used_at: str | None
    used_place: str | None


class CodesAdded(TypedDict):
    # In a dry run: how many would be.
    added: int
    # Here before, or twice in the list; left as they are.
    duplicates: int
    # Left out.
    invalid: int
    # The first 100.
    problems: list[CodeProblem]
    # Codes in the pool now.
    available: int


class CodesBody(TypedDict):
    # Each 1 to 100 characters without spaces, once in the environment.
    codes: list[str]
    # true: say what would be added, and add nothing.
    dry_run: NotRequired[bool]


class CodesRemoved(TypedDict):
    removed: int


class CostBody(TypedDict):
    kind: Literal["fixed", "variable"]
    # Of a fixed cost; 0: for nothing.
    points: NotRequired[int]
    # {"gold": 150}: what members of these tiers pay.
    tier_points: NotRequired[dict[str, int]]
    # Of a variable cost.
    min: NotRequired[int]
    # Of a variable cost.
    max: NotRequired[int]
    # From the minimum in such steps; 1, if absent.
    step: NotRequired[int]
    # Of a variable cost, for each point: money in major units of `currency` (0.01: £0.01), or points of
    # the other metric.
    value_per_point: NotRequired[int | float | Decimal | str]


class Cost(TypedDict):
    """`fixed`: `points`, or for members of a tier what `tier_points` says. `variable`: the caller names
    the points, from `min` to `max` in steps."""

    kind: Literal["fixed", "variable"]
    points: NotRequired[int]
    tier_points: NotRequired[dict[str, int]]
    min: NotRequired[int]
    max: NotRequired[int]
    step: NotRequired[int]
    # For each point, as a decimal: money in major units of `currency` (0.01: £0.01), or points of the
    # other metric.
    value_per_point: NotRequired[str]


class Counterpart(TypedDict):
    # txn_…
    transaction_id: str
    # null once that customer is erased, and to a member token.
    customer_id: str | None


class CouponBody(TypedDict):
    title: str
    # An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none.
    media: NotRequired[str]
    # Where it can be used.
    link: NotRequired[str]
    # In the system that honours it.
    coupon_id: NotRequired[str]
    coupon_type: NotRequired[str]
    # The same for everybody; or a pattern.
    code: NotRequired[str]
    # Each time another code, such as TEA-########: at least 8 #, each a letter or digit.
    code_pattern: NotRequired[str]
    # false, if absent.
    show_on_notification: NotRequired[bool]
    # Chosen, or made for you.
    id: NotRequired[str]


class Coupon(TypedDict):
    # Of its item in the inventory set `coupons`.
    id: str
    title: str
    media: str
    link: str
    # In the system that honours it.
    coupon_id: str
    coupon_type: str
    # The same for everybody.
    code: str
    # Each time another code: each # is a letter or a digit.
    code_pattern: str
    show_on_notification: bool
    created_at: str


class Customer(TypedDict):
    id: str
    member_id: str
    status: Literal["active", "frozen"]
    attributes: dict[str, Any]
    created_at: str
    points_balance: int
    balances: list[Balance]
    # One for each program that has levels.
    tiers: list[TierStatus]


class DayFound(TypedDict):
    would: int
    given: int
    day: str


class Definition(TypedDict):
    program: str | None
    metric: str | None
    name: str
    event_type: str
    condition: dict[str, Any]
    award: dict[str, Any]
    entry_type: str
    priority: int
    exclusive_group: str
    caps: list[dict[str, Any]]
    budget: int | None
    starts_at: str | None
    ends_at: str | None
    schedule: dict[str, Any]


class DryRunBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    # dry-run, if absent; of no consequence.
    event_id: NotRequired[str]
    # purchase, refund, or any name of yours.
    type: str
    # Now, if absent; at most 30 days ago.
    occurred_at: NotRequired[datetime | str]
    # Anything that rules may use; at most 32 KiB.
    data: dict[str, Any]
    # Code or id; all active programs, if absent. By its id also one that another project shares with
    # yours.
    program: NotRequired[str]
    # An earning rule whose draft counts in place of what is in force.
    rule: NotRequired[str]


class EarningRule(TypedDict):
    id: str
    program: str
    metric: str
    name: str
    event_type: str
    condition: dict[str, Any]
    award: dict[str, Any]
    entry_type: Literal["earned", "bonus"]
    priority: int
    exclusive_group: str
    caps: list[dict[str, Any]]
    budget: int | None
    starts_at: str | None
    ends_at: str | None
    schedule: dict[str, Any]
    status: Literal["draft", "published", "archived"]
    revision: int | None
    effective_from: str | None
    created_at: str


# What an event caused. `points`: a `transaction` (of a refund: what it takes back); `tier`: the
# customer's level in `program` changed; `referral`: it completed the one by `referrer_id`; `stamps`: what
# became of one of their stamp cards; `challenge`: a mission or a challenge was completed, or by a refund
# it no longer is (`revoked`).
Effect = TypedDict(
    "Effect",
    {
        "kind": "Literal['points', 'tier', 'referral', 'stamps', 'challenge']",
        "transaction": "NotRequired[Transaction]",
        "rule_revision": "NotRequired[str | None]",
        "program": "NotRequired[str]",
        "from": "NotRequired[str | None]",
        "to": "NotRequired[str | None]",
        "change": "NotRequired[Literal['reached', 'confirmed', 'grace', 'lowered', 'merged', 'granted', 'revoked']]",
        "customer_id": "NotRequired[str | None]",
        "referrer_id": "NotRequired[str | None]",
        "stamp_collection": "NotRequired[str]",
        "stamp_program": "NotRequired[str]",
        "collected": "NotRequired[int]",
        "returned": "NotRequired[int]",
        "counter": "NotRequired[int]",
        "issued": "NotRequired[list[StampRewardOfEvent]]",
        "revoked": "NotRequired[list[StampRewardOfEvent]]",
        "standing": "NotRequired[list[StampRewardOfEvent]]",
        "action": "NotRequired[Literal['completed', 'revoked']]",
        "achievement": "NotRequired[str]",
        "achieved": "NotRequired[Literal['mission', 'challenge']]",
        "challenge": "NotRequired[str]",
        "mission": "NotRequired[str | None]",
        "title": "NotRequired[str]",
        "period": "NotRequired[str]",
        "rewards": "NotRequired[list[AchievementReward]]",
    },
)


class Environment(TypedDict):
    id: str
    project: str
    kind: Literal["sandbox", "live"]
    time_zone: str
    clock: str | None


class Erased(TypedDict):
    status: Literal["erased"]


class EventBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    # Your own id of the event; the same event again changes nothing.
    event_id: str
    # purchase, refund, or any name of yours.
    type: str
    # Now, if absent; at most 30 days ago.
    occurred_at: NotRequired[datetime | str]
    # Anything that rules may use; at most 32 KiB.
    data: dict[str, Any]
    # Code or id; all active programs, if absent. By its id also one that another project shares with
    # yours.
    program: NotRequired[str]


class Event(TypedDict):
    # evt_…
    id: str
    event_id: str
    type: str
    # null once that customer is erased.
    member_id: str | None
    occurred_at: str
    created_at: str
    data: dict[str, Any] | None


class Expiring(TypedDict):
    points: int
    expires_at: str


class Explanation(TypedDict):
    event: Event
    member_id: str | None
    # Earlier events of the customer that say the same under other ids, the first one first: perhaps one
    # thing that was reported twice.
    same_as: list[str]
    levels: list[LevelThen]
    refund: Refund | None
    # By priority, then name.
    verdicts: list[Verdict]
    reasons: list[Reason]
    transactions: list[TransactionWithLots]
    tier_changes: list[TierChange]
    # Of a purchase: what each of the customer's cards made of it.
    stamps: list[StampVerdict]
    # What became of stamp cards; retention leaves it.
    stamp_changes: list[StampChange]
    # What each mission made of it.
    challenges: list[MissionVerdict]
    # What became of challenges; retention leaves it.
    challenge_changes: ChallengeEffects
    # Whose referral it completed; of a refund: whose part it took back.
    referrer_id: str | None


class Export(TypedDict):
    exported_at: str
    member: dict[str, Any]
    accounts: list[dict[str, Any]]
    transactions: list[dict[str, Any]]
    holds: list[dict[str, Any]]
    adjustment_requests: list[dict[str, Any]]
    redemptions: list[dict[str, Any]]
    items: dict[str, Any]
    challenges: dict[str, Any]
    stamp_collections: list[dict[str, Any]]
    events: list[dict[str, Any]]
    event_counts: list[dict[str, Any]]
    tiers: dict[str, Any]
    usage: list[dict[str, Any]]
    referrals: dict[str, Any]
    audit_events: list[dict[str, Any]]


class FailBody(TypedDict):
    # Why it can't be handed over.
    reason: str


class Failed(TypedDict):
    # Where in the condition.
    path: str
    words: str
    field: str | None
    actual: None


class FieldProblem(TypedDict):
    field: str
    code: str
    detail: str


class FulfilBody(TypedDict):
    # Such as the parcel's number.
    note: NotRequired[str]


class GivesBody(TypedDict):
    # Of metric and cashback: what is paid into.
    metric: NotRequired[str]
    # Of metric: how many.
    points: NotRequired[int]
    # Of tier_upgrade: a level of the reward's program.
    tier: NotRequired[str]
    # Of inventory_item, with item.
    set: NotRequired[str]
    item: NotRequired[str]


class Gives(TypedDict):
    """One of `metric` with `points`; `tier`; `set` with `item`."""

    metric: NotRequired[str | None]
    # null: it follows from the cost.
    points: NotRequired[int | None]
    # null once the level was removed.
    tier: NotRequired[str | None]
    set: NotRequired[str | None]
    item: NotRequired[str | None]


class HoldBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    points: int
    # Seconds; 7 days, if both are absent.
    expires_in: NotRequired[int]
    # Instead of expires_in; at most 366 days from now.
    expires_at: NotRequired[datetime | str]
    # Shown in the history, once it is captured.
    reason: NotRequired[str]
    # Kept with the hold.
    metadata: NotRequired[dict[str, Any]]
    # points, if absent.
    metric: NotRequired[str]


class Hold(TypedDict):
    # hold_…
    id: str
    status: Literal["open", "captured", "released", "expired"]
    customer_id: str | None
    metric: str
    # What was reserved.
    points: int
    # How much of it was spent.
    captured: int
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it was made, in the environment's time.
    occurred_at: str
    # From then on it is released by itself.
    expires_at: str
    closed_at: str | None
    actor: Actor
    trace_id: str


class InventorySetBody(TypedDict):
    title: str
    # All of them: one that is left out is removed, unless a member has it or a reward gives it.
    items: NotRequired[list[ItemBody]]
    # Chosen, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class InventorySet(TypedDict):
    id: str
    program: str
    title: str
    items: list[Item]
    created_at: str


class ItemBody(TypedDict):
    # Chosen, or made for you. An item is known by it, also when the list is sent anew.
    id: NotRequired[str]
    title: str
    # An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none.
    media: NotRequired[str]


class Item(TypedDict):
    id: str
    title: str
    media: str


class LadderBody(TypedDict):
    # What the levels multiply, and what points count.
    metric: NotRequired[str]
    basis: NotRequired[Literal["points", "spend", "events"]]
    # Of spend and events: the type that counts.
    event_type: NotRequired[str]
    # Of spend: the currency that counts; null: any.
    currency: NotRequired[str | None]
    period: NotRequired[Literal["rolling", "calendar_year", "lifetime"]]
    # Of rolling days: how many count, and how long a level lasts.
    days: NotRequired[int | None]
    grace_days: NotRequired[int]
    downgrade: NotRequired[Literal["one_down", "to_qualified"]]
    # false: the levels have no effect.
    active: NotRequired[bool]
    # In any order.
    levels: list[LevelBody]
    # Chosen, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class Ladder(TypedDict):
    # tl_…
    id: str
    program: str
    metric: str
    basis: Literal["points", "spend", "events"]
    event_type: str
    currency: str | None
    period: Literal["rolling", "calendar_year", "lifetime"]
    days: int | None
    grace_days: int
    downgrade: Literal["one_down", "to_qualified"]
    active: bool
    # The lowest first.
    levels: list[Level]
    created_at: str


class LevelBody(TypedDict):
    # A level is known by it, also when the list is sent anew.
    code: str
    title: str
    # Points, money or events, as `basis` says; reached at it and above.
    threshold: int | float | Decimal | str
    # Earned points are multiplied by it, 1 to 1000; 1, if absent.
    multiplier: NotRequired[int | float | Decimal | str]


class Level(TypedDict):
    code: str
    title: str
    threshold: str
    multiplier: str
    # On this level now.
    members: int


class LevelThen(TypedDict):
    """The customer's level in a program, before the event."""

    program: str | None
    tier: str | None
    title: str
    multiplier: str


LiabilityAnalytics = TypedDict(
    "LiabilityAnalytics",
    {
        "time_zone": "str",
        "from": "str",
        "to": "str",
        "as_of": "str",
        "program": "str",
        "metric": "str",
        "unit_value": "str | None",
        "unit_currency": "str | None",
        "outstanding": "int",
        "outstanding_value": "str | None",
        "pending": "int",
        "held": "int",
        "debt": "int",
        "cohorts": "list[LiabilityCohort]",
        "data": "list[OutstandingDay]",
    },
)


class LiabilityCohort(TypedDict):
    # 2026-01: the month in which they expire; null, the last one: never.
    month: str | None
    # All of them, those pending and held too.
    points: int
    # Of `points`: earned, and not to be spent yet.
    pending: int
    # Of `points`: on hold; they don't expire meanwhile, so the month may be over.
    held: int
    # In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth.
    value: str | None


class Lifetime(TypedDict):
    """Net of reversals: earned − redeemed − expired + adjusted + transferred = total."""

    earned: int
    redeemed: int
    expired: int
    adjusted: int
    transferred: int


class LimitBody(TypedDict):
    times: int
    # ever, if absent.
    per: NotRequired[Literal["day", "week", "month", "ever"]]


class Limit(TypedDict):
    per: Literal["day", "week", "month", "ever"]
    # So many times a member.
    times: int


class LotLeft(TypedDict):
    # What was put in.
    points: int
    # What is left of it now, besides what is held.
    remaining: int
    held: int
    # Not yet vested.
    pending: bool
    available_at: str
    expires_at: str | None


class LotPiece(TypedDict):
    # The transaction that put these points in.
    transaction_id: str
    points: int
    earned_at: str
    available_at: str
    expires_at: str | None


# Who was erased, or merged into another, is on no day, but for `active`, where they count as who they are
# now.
MemberAnalytics = TypedDict(
    "MemberAnalytics",
    {
        "time_zone": "str",
        "from": "str",
        "to": "str",
        "as_of": "str",
        "totals": "MembersTotals",
        "data": "list[MembersDay]",
    },
)


class MemberApp(TypedDict):
    public_host: str | None
    origins: list[str]
    event_types: list[str]


class MemberChallenge(TypedDict):
    """How far a customer is, in the period that is running."""

    id: str
    title: str
    # ever, or the local day, week or month: day:2026-01-31.
    period: str
    status: Literal["open", "completed"]
    completed_at: str | None
    missions: list[MissionProgress]


class MemberChallenges(TypedDict):
    member_id: str
    data: list[MemberChallenge]


class MemberFound(TypedDict):
    would: int
    given: int
    # null once erased.
    customer_id: str | None


class MemberTiers(TypedDict):
    member_id: str
    # One for each program that has levels.
    tiers: list[TierStatus]


class MembersDay(TypedDict):
    day: str
    # Came on that day.
    new: int
    # Had points moved, other than by expiry.
    active: int
    # Were there at the day's end.
    total: int


class MembersTotals(TypedDict):
    new: int
    # Each one once, however many days.
    active: int
    # At the end of the last day.
    total: int


class MergeBody(TypedDict):
    # The customer who remains, by your own id.
    into: str
    # Why; it stands in both histories.
    reason: NotRequired[str]


class Merged(TypedDict):
    id: str
    member_id: str
    status: Literal["active", "frozen"]
    attributes: dict[str, Any]
    created_at: str
    # The id that means this customer from now on.
    merged_id: str


class MetricBody(TypedDict):
    title: str
    media: NotRequired[str]
    default_value: NotRequired[int]
    minimum: NotRequired[int | None]
    maximum: NotRequired[int | None]
    expiry: NotRequired[Literal["never", "days", "months", "date"]]
    # Days or months.
    expiry_count: NotRequired[int | None]
    expiry_date: NotRequired[str | None]
    expiry_month_end: NotRequired[bool]
    vesting_days: NotRequired[int]
    negative_balance: NotRequired[Literal["debt", "clip", "reject"]]
    rounding: NotRequired[Literal["down", "half_up", "up"]]
    # What one is worth in money, in major units of `unit_currency` (0.01: £0.01): reports then show what
    # is outstanding in money too. Both or none.
    unit_value: NotRequired[int | float | Decimal | str | None]
    unit_currency: NotRequired[str | None]
    code: str
    # Code or id; default, if absent.
    program: NotRequired[str]


class Metric(TypedDict):
    code: str
    program: str
    title: str
    media: str
    default_value: int
    minimum: int | None
    maximum: int | None
    expiry: Literal["never", "days", "months", "date"]
    expiry_count: int | None
    expiry_date: str | None
    expiry_month_end: bool
    vesting_days: int
    negative_balance: Literal["debt", "clip", "reject"]
    rounding: Literal["down", "half_up", "up"]
    # What one is worth, a decimal in major units of `unit_currency`.
    unit_value: str | None
    unit_currency: str | None
    created_at: str


class MilestoneBody(TypedDict):
    # Chosen, or made for you. A milestone is known by it, also when the list is sent anew.
    id: NotRequired[str]
    title: str
    media: NotRequired[str]
    # Reached at so many points, lost below; each once in a set.
    threshold: int


class MilestoneSetBody(TypedDict):
    title: str
    # All of them, in any order: one that is left out is removed.
    milestones: NotRequired[list[MilestoneBody]]
    # Chosen, or made for you.
    id: NotRequired[str]
    # Whose total counts; it stays.
    metric: str


class MilestoneSet(TypedDict):
    id: str
    metric: str
    title: str
    # Lowest first.
    milestones: list[Milestone]
    created_at: str


class Milestone(TypedDict):
    id: str
    title: str
    media: str
    # Reached at so many points of the metric, lost below.
    threshold: int


class MissionBody(TypedDict):
    # Chosen, or made for you. A mission is known by it when the list is sent anew; without one by its
    # event_type, measure, field and title.
    id: NotRequired[str]
    title: str
    # A word for the app.
    type: NotRequired[str]
    # Fixed once the challenge is no draft.
    event_type: str
    # Which events count: docs/conditions.md; {}: every one of the type.
    condition: NotRequired[dict[str, Any]]
    # count: the events; sum: what `field` adds up to. count, if absent; fixed likewise.
    measure: NotRequired[Literal["count", "sum"]]
    # Of a sum, such as data.amount; fixed likewise.
    field: NotRequired[str]
    # Of a count a whole number.
    target: int | float | Decimal | str
    notification: NotRequired[NotificationBody]


class MissionCounted(TypedDict):
    challenge: str
    mission: str
    period: str
    # As a decimal; of a refund below zero.
    amount: str
    # After it; never above the target.
    progress: str
    target: str


class MissionProgress(TypedDict):
    id: str
    title: str
    # As a decimal; never above the target.
    progress: str
    target: str
    completed_at: str | None


class Mission(TypedDict):
    id: str
    title: str
    # A word for the app; empty: the event type.
    type: str
    event_type: str
    # Which events count; {}: every one of the type.
    condition: dict[str, Any]
    # count: the events; sum: what `field` adds up to.
    measure: Literal["count", "sum"]
    # Of a sum, such as data.amount.
    field: str
    # As a decimal.
    target: str
    notification: Notification


class MissionVerdict(TypedDict):
    """What one mission made of an event."""

    challenge: str
    mission: str
    # As it was then.
    challenge_title: str
    # The mission's, as it was then.
    title: str
    outcome: Literal["counted", "not_in_force", "condition_failed", "no_amount", "waits"]
    reason: str
    # Of condition_failed: the part that decided.
    failed: dict[str, Any] | None
    # What it counted, as a decimal.
    amount: str


class NamedOfferBody(TypedDict):
    # Of a variable cost: how many to spend. Of a fixed one, if sent, the cost itself.
    points: NotRequired[int]
    # Kept with the redemption.
    metadata: NotRequired[dict[str, Any] | None]
    # The customer, by your own id.
    userId: str
    # The reward's id.
    offerId: str


class NewWebhookEndpoint(TypedDict):
    """With the secret, which no other call shows."""

    id: str
    url: str
    description: str
    # points.earned, points.* for all of a kind, or * for all there are.
    event_types: list[str]
    status: Literal["enabled", "disabled", "archived"]
    disabled_at: str | None
    # Why; empty while it is enabled.
    disabled_reason: str
    # Since when nothing has arrived there.
    failing_since: str | None
    last_success_at: str | None
    # Until then the secret before a rotation signs too.
    previous_secret_until: str | None
    created_at: str
    # whsec_ and base64: what deliveries are verified with.
    secret: str


class NextTier(TypedDict):
    tier: str
    title: str
    threshold: str
    # How much more is needed.
    missing: str


class NotificationBody(TypedDict):
    # none, if absent.
    display: NotRequired[Literal["none", "toast", "popup"]]
    title: NotRequired[str]
    message: NotRequired[str]


class Notification(TypedDict):
    """What the member's app says when it is done. Without texts it finds words of its own."""

    display: Literal["none", "toast", "popup"]
    title: str
    message: str


class OfferBody(TypedDict):
    # Of a variable cost: how many to spend. Of a fixed one, if sent, the cost itself.
    points: NotRequired[int]
    # Kept with the redemption.
    metadata: NotRequired[dict[str, Any] | None]


class Offer(TypedDict):
    """A reward as one member has it now."""

    # rwd_…, or as chosen.
    id: str
    program: str
    # What it is paid in.
    metric: str
    kind: Literal[
        "discount",
        "free_product",
        "content_access",
        "early_access",
        "tier_upgrade",
        "cashback",
        "metric",
        "inventory_item",
        "custom",
    ]
    name: str
    description: str
    image_url: str | None
    # What it costs this member; of a variable cost, the least.
    points: int
    cost: Cost
    # In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50.
    discount_amount: int | Decimal | None
    discount_percent: int | Decimal | None
    currency: str | None
    gives: Gives | None
    starts_at: str | None
    ends_at: str | None
    limit: OwnLimit | None
    # null: no limit.
    stock_left: int | None
    # Whether redeeming it now would be accepted.
    eligible: bool
    # All that stands against it; empty where eligible.
    reasons: list[ReasonNot]


class OpenLot(TypedDict):
    # The transaction that put these points in.
    transaction_id: str
    # What it put in.
    points: int
    # What is left of it, besides what is held.
    remaining: int
    held: int
    # Not yet vested.
    pending: bool
    earned_at: str
    available_at: str
    expires_at: str | None


class OutstandingDay(TypedDict):
    day: str
    # The sum of all customers' totals at the day's end.
    outstanding: int
    # In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth.
    outstanding_value: str | None


class OwnLimit(TypedDict):
    per: Literal["day", "week", "month", "ever"]
    # So many times a member.
    times: int
    # How often this member has had it in the period.
    used: int


class OwnReferral(TypedDict):
    # null once that customer is erased, and to a member token.
    referrer_id: str | None
    status: Literal["pending", "awarded"]
    created_at: str
    awarded_at: str | None


class ChallengeChanges(TypedDict):
    title: NotRequired[str]
    subtitle: NotRequired[str]
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # ever, if absent.
    per: NotRequired[Literal["ever", "day", "week", "month"]]
    # any, if absent.
    mission_order: NotRequired[Literal["any", "sequence"]]
    place: NotRequired[int]
    # true, if absent; likewise the next two.
    show_in_profile: NotRequired[bool]
    show_in_rail: NotRequired[bool]
    show_time: NotRequired[bool]
    notification: NotRequired[NotificationBody]
    # All of them, in their order.
    missions: NotRequired[list[MissionBody]]
    # All of them.
    rewards: NotRequired[list[ChallengeRewardBody]]


class CouponChanges(TypedDict):
    title: NotRequired[str]
    # An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none.
    media: NotRequired[str]
    # Where it can be used.
    link: NotRequired[str]
    # In the system that honours it.
    coupon_id: NotRequired[str]
    coupon_type: NotRequired[str]
    # The same for everybody; or a pattern.
    code: NotRequired[str]
    # Each time another code, such as TEA-########: at least 8 #, each a letter or digit.
    code_pattern: NotRequired[str]
    # false, if absent.
    show_on_notification: NotRequired[bool]


class CustomerBody(TypedDict):
    # Merged; null removes a name.
    attributes: NotRequired[dict[str, Any]]
    status: NotRequired[Literal["active", "frozen"]]


class InventorySetChanges(TypedDict):
    title: NotRequired[str]
    # All of them: one that is left out is removed, unless a member has it or a reward gives it.
    items: NotRequired[list[ItemBody]]


class LadderChanges(TypedDict):
    # What the levels multiply, and what points count.
    metric: NotRequired[str]
    basis: NotRequired[Literal["points", "spend", "events"]]
    # Of spend and events: the type that counts.
    event_type: NotRequired[str]
    # Of spend: the currency that counts; null: any.
    currency: NotRequired[str | None]
    period: NotRequired[Literal["rolling", "calendar_year", "lifetime"]]
    # Of rolling days: how many count, and how long a level lasts.
    days: NotRequired[int | None]
    grace_days: NotRequired[int]
    downgrade: NotRequired[Literal["one_down", "to_qualified"]]
    # false: the levels have no effect.
    active: NotRequired[bool]
    # All of them, in any order: one that is left out is removed, unless a member holds it.
    levels: NotRequired[list[LevelBody]]


class MemberAppChanges(TypedDict):
    # The host, with its port if it has one, at which the app reads its configuration without a key; the
    # server must answer to it.
    public_host: NotRequired[str | None]
    # Web pages that may call: https://shop.example; an app's own, as capacitor://localhost; http for
    # localhost and 127.0.0.1 alone.
    origins: NotRequired[list[str]]
    # What members may report themselves, although something configured looks at it; never purchase or
    # refund.
    event_types: NotRequired[list[str]]


class MetricChanges(TypedDict):
    title: NotRequired[str]
    media: NotRequired[str]
    default_value: NotRequired[int]
    minimum: NotRequired[int | None]
    maximum: NotRequired[int | None]
    expiry: NotRequired[Literal["never", "days", "months", "date"]]
    # Days or months.
    expiry_count: NotRequired[int | None]
    expiry_date: NotRequired[str | None]
    expiry_month_end: NotRequired[bool]
    vesting_days: NotRequired[int]
    negative_balance: NotRequired[Literal["debt", "clip", "reject"]]
    rounding: NotRequired[Literal["down", "half_up", "up"]]
    # What one is worth in money, in major units of `unit_currency` (0.01: £0.01): reports then show what
    # is outstanding in money too. Both or none.
    unit_value: NotRequired[int | float | Decimal | str | None]
    unit_currency: NotRequired[str | None]


class MilestoneSetChanges(TypedDict):
    title: NotRequired[str]
    # All of them, in any order: one that is left out is removed.
    milestones: NotRequired[list[MilestoneBody]]


class ProgramChanges(TypedDict):
    name: NotRequired[str]
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    starts_at: NotRequired[datetime | str | None]
    ends_at: NotRequired[datetime | str | None]
    retention_days: NotRequired[int | None]
    # An adjustment of more points needs a second person; null: none does.
    adjustment_limit: NotRequired[int | None]


class RewardChanges(TypedDict):
    # What it is paid in; fixed once it is made.
    metric: NotRequired[str]
    kind: NotRequired[
        Literal[
            "discount",
            "free_product",
            "content_access",
            "early_access",
            "tier_upgrade",
            "cashback",
            "metric",
            "inventory_item",
            "custom",
        ]
    ]
    name: NotRequired[str]
    description: NotRequired[str]
    # JPEG, PNG, WebP or GIF, as a data URL.
    image: NotRequired[str | None]
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "archived"]]
    cost: NotRequired[CostBody]
    # In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50.
    discount_amount: NotRequired[int | float | Decimal | str | None]
    # Above 0, to 100.
    discount_percent: NotRequired[int | float | Decimal | str | None]
    currency: NotRequired[str | None]
    gives: NotRequired[GivesBody | None]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # Who may have it: docs/conditions.md; {}: everybody.
    condition: NotRequired[dict[str, Any]]
    # Of one member; null: none.
    limit: NotRequired[LimitBody | None]
    # How many there are altogether, taken ones included; null: no limit.
    stock: NotRequired[int | None]
    code: NotRequired[CodeRulesBody]
    # automatic, if absent.
    fulfilment: NotRequired[Literal["automatic", "manual"]]


class RuleChanges(TypedDict):
    name: NotRequired[str]
    event_type: NotRequired[str]
    # docs/conditions.md; {}: always.
    condition: NotRequired[dict[str, Any]]
    # One of {"kind": "fixed", "points": 100}; {"kind": "per_amount", "field": "data.amount", "rate": "2",
    # "step": "1"}; {"kind": "per_item", "each": "quantity | line | amount", "points": "2", "where": {…}};
    # {"kind": "multiplier", "factor": "2"}; {"kind": "referral", "member": 100, "referrer": 200}.
    award: NotRequired[dict[str, Any]]
    metric: NotRequired[str]
    # Tiers and multiplying rules raise what is earned, never a bonus. earned, if absent.
    entry_type: NotRequired[Literal["earned", "bonus"]]
    # Higher comes first.
    priority: NotRequired[int]
    # Of the rules in one group the best wins. Empty: none.
    exclusive_group: NotRequired[str]
    # What one member gets at most; in the project's zone.
    caps: NotRequired[list[dict[str, Any]]]
    # Points that it gives to all members together, ever; null: no limit.
    budget: NotRequired[int | None]
    # Only events from then on.
    starts_at: NotRequired[datetime | str | None]
    # Only events before then.
    ends_at: NotRequired[datetime | str | None]
    # Weekdays and hours in the project's zone; {}: always.
    schedule: NotRequired[dict[str, Any]]


class StampProgramChanges(TypedDict):
    name: NotRequired[str]
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # So many stamps are a reward.
    threshold: NotRequired[int]
    # Which purchases stamp the card: docs/conditions.md; {}: every one.
    condition: NotRequired[dict[str, Any]]
    # Which of a purchase's lines count, by item.*: docs/conditions.md; {}: every one.
    items: NotRequired[dict[str, Any]]
    # One a purchase, one a piece, or one a local day; purchase, if absent.
    stamps_per: NotRequired[Literal["purchase", "quantity", "day"]]
    # Of the prices, and of the reward; purchases in another one don't count. Fixed once it is made.
    currency: NotRequired[str]
    reward: NotRequired[StampRewardBody]
    display: NotRequired[StampDisplayBody]


class WebhookEndpointChanges(TypedDict):
    # https, at an address that everybody can reach; nothing else is ever asked.
    url: NotRequired[str]
    # Whole list: points.earned, points.* for all of a kind, or * for all there are.
    event_types: NotRequired[list[str]]
    description: NotRequired[str]
    # disabled: nothing is sent, what waits goes on waiting. enabled: it goes on.
    status: NotRequired[Literal["enabled", "disabled"]]


class PlainSpend(TypedDict):
    """A spend of points outside the catalogue, in the frame of a redemption."""

    # txn_…
    id: str
    type: Literal["earned", "bonus", "redeemed", "expired", "adjusted", "reversed", "transferred"]
    # Signed.
    points: int
    # The running total. It differs from the spendable balance while points are pending or held.
    balance_after: int
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it happened, in the environment's time.
    occurred_at: str
    customer_id: str | None
    metric: str
    # Counts the account's entries from 1, without a gap.
    sequence: int
    event_id: str | None
    # Of a reversal: the transaction that it reverses.
    reverses: str | None
    # Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had
    # expired already.
    nominal: int | None
    # Of a credit that the metric's maximum cut: what was asked for.
    requested: int | None
    # Of a reversal under `clip`: what was no longer there; points given back later pay it.
    shortfall: int | None
    # Of a transfer: its other side.
    counterpart: Counterpart | None
    # Of a capture: its hold.
    hold_id: str | None
    # null to a member token, and only there.
    actor: Actor | None
    # null to a member token, and only there.
    trace_id: str | None
    reward_id: str | None
    code: str | None
    discount_amount: str | None


class PlanLimit(TypedDict):
    limit: Literal[
        "projects",
        "programs",
        "members",
        "webhook_endpoints",
        "events_per_month",
        "history_days",
        "requests_per_minute",
    ]
    # null: it is not used up.
    used: int | None
    # null: unlimited.
    allowed: int | None


class Plan(TypedDict):
    name: str
    limits: list[PlanLimit]
    features: list[Literal["challenges", "stamps", "webhooks", "cross_project", "approvals"]]
    # When the month of the events begins anew, in the project's zone.
    resets_at: str


PointsAnalytics = TypedDict(
    "PointsAnalytics",
    {
        "time_zone": "str",
        "from": "str",
        "to": "str",
        "as_of": "str",
        "program": "str",
        "metric": "str",
        "unit_value": "str | None",
        "unit_currency": "str | None",
        "totals": "PointsTotals",
        "data": "list[PointsDay]",
    },
)


class PointsDay(TypedDict):
    """opening + issued − redeemed − expired + reversed + adjusted + transferred = closing."""

    # Earned and bonus.
    issued: int
    # What was spent, above zero.
    redeemed: int
    # Above zero.
    expired: int
    # All that reversals changed, signed.
    reversed: int
    # Signed.
    adjusted: int
    # Signed; 0, but where a transfer is still on its way through a merge.
    transferred: int
    day: str
    # The sum of all customers' totals at the day's end.
    outstanding: int
    # In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth.
    outstanding_value: str | None


class PointsTotals(TypedDict):
    """opening + issued − redeemed − expired + reversed + adjusted + transferred = closing."""

    # Earned and bonus.
    issued: int
    # What was spent, above zero.
    redeemed: int
    # Above zero.
    expired: int
    # All that reversals changed, signed.
    reversed: int
    # Signed.
    adjusted: int
    # Signed; 0, but where a transfer is still on its way through a merge.
    transferred: int
    # Outstanding before the first day.
    opening: int
    # Of `reversed`: what was taken back of issued points.
    reversed_issued: int
    # Of `reversed`: what was given back of redeemed points.
    reversed_redeemed: int
    # Of `reversed`: of adjustments.
    reversed_adjusted: int
    # Outstanding at the end of the last day.
    closing: int
    # In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth.
    closing_value: str | None
    # Issued, less what was taken back of it.
    net_issued: int
    # Redeemed, less what was given back of it.
    net_redeemed: int
    # Net redeemed of net issued, 1 is all; null where none was.
    redemption_rate: int | Decimal | None
    # Expired of net issued, likewise.
    breakage_rate: int | Decimal | None
    # Different customers with an entry of this metric in the period.
    active_members: int


class ProgramBody(TypedDict):
    name: str
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    starts_at: NotRequired[datetime | str | None]
    ends_at: NotRequired[datetime | str | None]
    retention_days: NotRequired[int | None]
    # An adjustment of more points needs a second person; null: none does.
    adjustment_limit: NotRequired[int | None]
    # Chosen, or made for you.
    id: NotRequired[str]
    code: str


class Program(TypedDict):
    id: str
    code: str
    name: str
    status: Literal["draft", "active", "paused", "ended"]
    starts_at: str | None
    ends_at: str | None
    retention_days: int | None
    adjustment_limit: int | None
    created_at: str


class ProgramShareBody(TypedDict):
    # A program of yours: code or id.
    program: str
    # The other project of your organization: its name or id.
    project: str
    # Why; both projects read it.
    reason: str


class ProgramShare(TypedDict):
    id: str
    # given: a program of yours. received: one that you may name.
    direction: Literal["given", "received"]
    # prg_…; how calls name it.
    program: str
    # The program's.
    name: str
    # The other side's name.
    project: str
    reason: str
    created_at: str
    revoked_at: str | None


class Reason(TypedDict):
    """What one rule of the event's type made of it, in words; `explain` has the figures."""

    # Its name; null: it is said of the event as a whole.
    rule: str | None
    outcome: str
    reason: str
    # lp_…; only where it is said of that stamp card.
    stamp_program: NotRequired[str]
    # Only where it is said of one of its missions, or of it.
    challenge: NotRequired[str]
    mission: NotRequired[str | None]


class ReasonNot(TypedDict):
    """Why a redemption would be refused: the code of that error, and the data that it would carry."""

    code: str
    detail: str
    # Of `reward_not_available`.
    reason: NotRequired[str]
    available_from: NotRequired[str]
    available_until: NotRequired[str]
    # Of `not_eligible`: the part of the condition that decided.
    failed: NotRequired[dict[str, Any]]
    # Of `member_limit_reached`.
    limit: NotRequired[int]
    per: NotRequired[Literal["day", "week", "month", "ever"]]
    used: NotRequired[int]
    resets_at: NotRequired[str | None]
    # Of `insufficient_balance`.
    balance: NotRequired[int]
    required: NotRequired[int]
    # Of `maximum_reached`: so many more may be given.
    room: NotRequired[int]


class RecordedEvent(TypedDict):
    event: Event
    effects: list[Effect]
    # Why it earned what it did, or nothing: a sentence for each rule.
    reasons: list[Reason]
    duplicate: bool


class RedeemBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    # With a reward of a fixed cost it may be left out; else it must be the cost itself.
    points: NotRequired[int]
    reward_id: NotRequired[str]
    reason: NotRequired[str]
    metadata: NotRequired[dict[str, Any]]
    # points, if absent.
    metric: NotRequired[str]
    # Code or id; any program, if absent. By its id also one that another project shares with yours.
    program: NotRequired[str]


RedemptionOrSpend: TypeAlias = "Redemption | PlainSpend"


class Redemption(TypedDict):
    # red_…
    id: str
    # null once that customer is erased.
    customer_id: str | None
    # The same.
    member_id: str | None
    reward_id: str
    # As the reward was called then.
    name: str
    kind: Literal[
        "discount",
        "free_product",
        "content_access",
        "early_access",
        "tier_upgrade",
        "cashback",
        "metric",
        "inventory_item",
        "custom",
    ]
    status: Literal["pending", "fulfilled", "cancelled", "failed"]
    # What it cost.
    points: int
    # What it was paid in.
    metric: str
    # In the answer of redeeming: what the customer can still spend.
    points_balance: NotRequired[int]
    code: str | None
    code_status: Literal["issued", "used", "expired", "void"] | None
    code_expires_at: str | None
    used_at: str | None
    used_place: str | None
    # In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50.
    discount_amount: int | Decimal | None
    discount_percent: int | Decimal | None
    currency: str | None
    gives: Gives | None
    # txn_…, the transaction that paid for it; null where it cost nothing.
    transaction_id: str | None
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it was redeemed, in the environment's time.
    occurred_at: str
    fulfilled_at: str | None
    # When it was cancelled, or failed.
    closed_at: str | None
    # Said when it was fulfilled; null to a member token.
    note: str | None
    # Why it was cancelled, or has failed; its member may read it.
    closed_reason: str | None


class ReferralBody(TypedDict):
    # Of whoever referred them; in capitals or not.
    code: str


class Referral(TypedDict):
    member_id: str
    # Their own, to be given to others; null: never asked for.
    code: str | None
    # Through whom they came.
    referral: OwnReferral | None
    # How many came through them.
    referred: Referred


class Referred(TypedDict):
    pending: int
    awarded: int


class Refund(TypedDict):
    # Its event_id.
    purchase: str
    gross: str | None
    # What is left of it after all refunds so far.
    net: str | None
    # The purchase's data are gone: what is taken back goes by money alone.
    in_proportion: bool
    sides: list[RefundSide]


class RefundSide(TypedDict):
    """One account's part of a refund, in points."""

    # Whose account: the customer's, or of who had referred them.
    recipient: Literal["member", "referrer"]
    metric: str
    # By the purchase.
    earned: int
    # What is left of the purchase would earn.
    recomputed: int
    # To be taken back by all refunds so far.
    target: int
    # Taken back by refunds before this one.
    before: int
    # Taken back by reversals of transactions.
    by_hand: int
    # Taken back by this one; below zero: given again.
    reversed: int


class Reversal(TypedDict):
    # txn_…
    id: str
    type: Literal["earned", "bonus", "redeemed", "expired", "adjusted", "reversed", "transferred"]
    # Signed.
    points: int
    # The running total. It differs from the spendable balance while points are pending or held.
    balance_after: int
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it happened, in the environment's time.
    occurred_at: str
    customer_id: str | None
    metric: str
    # Counts the account's entries from 1, without a gap.
    sequence: int
    event_id: str | None
    # Of a reversal: the transaction that it reverses.
    reverses: str | None
    # Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had
    # expired already.
    nominal: int | None
    # Of a credit that the metric's maximum cut: what was asked for.
    requested: int | None
    # Of a reversal under `clip`: what was no longer there; points given back later pay it.
    shortfall: int | None
    # Of a transfer: its other side.
    counterpart: Counterpart | None
    # Of a capture: its hold.
    hold_id: str | None
    # null to a member token, and only there.
    actor: Actor | None
    # null to a member token, and only there.
    trace_id: str | None
    # What it took, lot by lot.
    taken: list[LotPiece]
    # What it gave back, to the same lots with their own dates.
    given_back: list[LotPiece]
    # Of a reversed credit: what had expired; not taken twice.
    already_expired: int
    # What it took below zero.
    debt: int
    # How much of the original can still be reversed.
    reversible: int
    # Further transactions of this call, such as what expired at once.
    caused: list[Transaction]
    # What can be spent now.
    points_balance: int


class ReverseBody(TypedDict):
    # Everything that is left, if absent.
    points: NotRequired[int]
    # Why; shown in the history.
    reason: str


class Revision(TypedDict):
    # rev_…
    id: str
    number: int
    # In force from then until the next one is.
    effective_from: str
    published_at: str
    published_by: str
    # null: archived.
    definition: Definition | None


RewardAnalytics = TypedDict(
    "RewardAnalytics",
    {
        "from": "str",
        "to": "str",
        "time_zone": "str",
        "as_of": "str",
        "data": "list[RewardRow]",
    },
)


class RewardBody(TypedDict):
    # What it is paid in; fixed once it is made.
    metric: NotRequired[str]
    kind: Literal[
        "discount",
        "free_product",
        "content_access",
        "early_access",
        "tier_upgrade",
        "cashback",
        "metric",
        "inventory_item",
        "custom",
    ]
    name: str
    description: NotRequired[str]
    # JPEG, PNG, WebP or GIF, as a data URL.
    image: NotRequired[str | None]
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "archived"]]
    cost: CostBody
    # In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50.
    discount_amount: NotRequired[int | float | Decimal | str | None]
    # Above 0, to 100.
    discount_percent: NotRequired[int | float | Decimal | str | None]
    currency: NotRequired[str | None]
    gives: NotRequired[GivesBody | None]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # Who may have it: docs/conditions.md; {}: everybody.
    condition: NotRequired[dict[str, Any]]
    # Of one member; null: none.
    limit: NotRequired[LimitBody | None]
    # How many there are altogether, taken ones included; null: no limit.
    stock: NotRequired[int | None]
    code: NotRequired[CodeRulesBody]
    # automatic, if absent.
    fulfilment: NotRequired[Literal["automatic", "manual"]]
    # Chosen, such as rwd_summer, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class RewardDay(TypedDict):
    day: str
    redemptions: int
    # What was paid, less what cancellations gave back.
    points: int


RewardOrOffer: TypeAlias = "Reward | Offer"


class RewardRow(TypedDict):
    """Of the redemptions of the period, as they stand now."""

    reward_id: str
    name: str
    kind: Literal[
        "discount",
        "free_product",
        "content_access",
        "early_access",
        "tier_upgrade",
        "cashback",
        "metric",
        "inventory_item",
        "custom",
    ]
    redemptions: int
    # Different customers.
    members: int
    # What was paid, less what cancellations gave back.
    points: int
    # Of all redemptions of the period, 0 to 1.
    share: int | Decimal
    pending: int
    fulfilled: int
    cancelled: int
    failed: int
    codes_issued: int
    codes_used: int
    codes_expired: int
    # Of the issued codes, 0 to 1.
    use_rate: int | Decimal | None
    # From issue to use; null where none was used.
    time_to_use: TimeToUse
    program: str
    # What it is paid in.
    metric: str
    # What `points` are worth, as the metric says; null where it says no worth.
    points_value: str | None
    # Those on which it was redeemed.
    days: list[RewardDay]


class Reward(TypedDict):
    # rwd_…, or as chosen.
    id: str
    program: str
    # What it is paid in.
    metric: str
    kind: Literal[
        "discount",
        "free_product",
        "content_access",
        "early_access",
        "tier_upgrade",
        "cashback",
        "metric",
        "inventory_item",
        "custom",
    ]
    name: str
    description: str
    image_url: str | None
    status: Literal["draft", "active", "paused", "archived"]
    cost: Cost
    # In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50.
    discount_amount: int | Decimal | None
    discount_percent: int | Decimal | None
    currency: str | None
    gives: Gives | None
    starts_at: str | None
    ends_at: str | None
    # Who may have it; {}: everybody.
    condition: dict[str, Any]
    limit: Limit | None
    # How many there are altogether; null: no limit.
    stock: int | None
    stock_left: int | None
    # Since it has had a limit.
    taken: int
    code: CodeRules
    fulfilment: Literal["automatic", "manual"]
    created_at: str


class RewardsOfCard(TypedDict):
    # Waiting to be paid.
    issued: int
    paid: int
    revoked: int


class RollBackBody(TypedDict):
    # Its number.
    revision: int


class RuleBody(TypedDict):
    name: str
    event_type: str
    # docs/conditions.md; {}: always.
    condition: NotRequired[dict[str, Any]]
    # One of {"kind": "fixed", "points": 100}; {"kind": "per_amount", "field": "data.amount", "rate": "2",
    # "step": "1"}; {"kind": "per_item", "each": "quantity | line | amount", "points": "2", "where": {…}};
    # {"kind": "multiplier", "factor": "2"}; {"kind": "referral", "member": 100, "referrer": 200}.
    award: dict[str, Any]
    metric: NotRequired[str]
    # Tiers and multiplying rules raise what is earned, never a bonus. earned, if absent.
    entry_type: NotRequired[Literal["earned", "bonus"]]
    # Higher comes first.
    priority: NotRequired[int]
    # Of the rules in one group the best wins. Empty: none.
    exclusive_group: NotRequired[str]
    # What one member gets at most; in the project's zone.
    caps: NotRequired[list[dict[str, Any]]]
    # Points that it gives to all members together, ever; null: no limit.
    budget: NotRequired[int | None]
    # Only events from then on.
    starts_at: NotRequired[datetime | str | None]
    # Only events before then.
    ends_at: NotRequired[datetime | str | None]
    # Weekdays and hours in the project's zone; {}: always.
    schedule: NotRequired[dict[str, Any]]
    # Chosen, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class StampChange(TypedDict):
    """What became of one card by an event."""

    # sc_…
    stamp_collection: str
    # lp_…
    stamp_program: str
    # Stamps put on the card.
    collected: int
    # Of the stamps those that took the place of refunded ones, which the card owed to paid rewards.
    replaced: int
    # Stamps taken back.
    returned: int
    # Stamps on the running card, after it.
    counter: int
    # Stamps that it owes to paid rewards, after it.
    owed: int
    # What it filled.
    issued: list[StampRewardOfEvent]
    # Not yet paid rewards that lost a stamp.
    revoked: list[StampRewardOfEvent]
    # Paid rewards that lost a stamp: they stand, and the card owes it.
    standing: list[StampRewardOfEvent]


class StampCollectionBody(TypedDict):
    # The customer, by your own id.
    customer_id: NotRequired[str]
    # The same as customer_id.
    member_id: NotRequired[str]
    # lp_…
    stamp_program: str


class StampCollection(TypedDict):
    # sc_…
    id: str
    # lp_…
    stamp_program: str
    # Of the stamp program.
    name: str
    customer_id: str | None
    # The same.
    member_id: str | None
    # On the card that is running.
    stamps: int
    # So many stamps fill it: the lowest that the stamp program has had since it began.
    threshold: int
    # Stamps that refunds took back from paid rewards: the next ones fill these first.
    owed: int
    # What full cards gave, by what has become of it.
    rewards: RewardsOfCard
    # When the customer joined.
    created_at: str


class StampDay(TypedDict):
    day: str
    # Cards that customers got.
    joined: int
    # Put on cards, also where they were taken back later.
    stamps: int
    # Taken back.
    returned: int
    # Rewards that full cards gave, whatever became of them.
    issued: int
    paid: int


class StampDisplay(TypedDict):
    """What the card says, and shows."""

    title: str
    image: str | None
    logo: str | None
    summary: str
    description: str
    terms: str
    # The reward in words: 1 Free Coffee.
    reward: str


class StampDisplayBody(TypedDict):
    # The headline on the card.
    title: str
    # An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here.
    image: NotRequired[str | None]
    # Likewise.
    logo: NotRequired[str | None]
    summary: NotRequired[str]
    description: NotRequired[str]
    terms: NotRequired[str]
    # The reward in words: 1 Free Coffee.
    reward: NotRequired[str]


class StampPaymentBody(TypedDict):
    # Such as the payment's number; its member may read it.
    reference: NotRequired[str]


class StampProgramBody(TypedDict):
    name: str
    # draft, if absent.
    status: NotRequired[Literal["draft", "active", "paused", "ended"]]
    # Not before then.
    starts_at: NotRequired[datetime | str | None]
    # Not from then on.
    ends_at: NotRequired[datetime | str | None]
    # So many stamps are a reward.
    threshold: int
    # Which purchases stamp the card: docs/conditions.md; {}: every one.
    condition: NotRequired[dict[str, Any]]
    # Which of a purchase's lines count, by item.*: docs/conditions.md; {}: every one.
    items: NotRequired[dict[str, Any]]
    # One a purchase, one a piece, or one a local day; purchase, if absent.
    stamps_per: NotRequired[Literal["purchase", "quantity", "day"]]
    # Of the prices, and of the reward; purchases in another one don't count. It stays.
    currency: str
    reward: StampRewardBody
    display: StampDisplayBody
    # Chosen, such as lp_coffee, or made for you.
    id: NotRequired[str]
    # Code or id; default, if absent.
    program: NotRequired[str]


class StampProgram(TypedDict):
    # lp_…, or as chosen.
    id: str
    program: str
    name: str
    status: Literal["draft", "active", "paused", "ended"]
    starts_at: str | None
    ends_at: str | None
    # So many stamps are a reward.
    threshold: int
    # Which purchases stamp the card; {}: every one. null to a member token.
    condition: dict[str, Any] | None
    # Which of a purchase's lines count, by item.*; {}: every one. null to a member token.
    items: dict[str, Any] | None
    # One a purchase, one a piece, or one a local day.
    stamps_per: Literal["purchase", "quantity", "day"]
    # Purchases in another one don't stamp the card.
    currency: str
    reward: StampRewardRules
    display: StampDisplay
    created_at: str
    updated_at: str


class StampRewardBody(TypedDict):
    # refund: the lowest price on the full card. fixed-reward: `amount`.
    type: Literal["refund", "fixed-reward"]
    # Of fixed-reward. In the currency's smallest unit: 500 is £5.00, or ¥500.
    amount: NotRequired[int]


class StampRewardOfEvent(TypedDict):
    # sr_…
    id: str
    type: Literal["refund", "fixed-reward"]
    # In the currency's smallest unit: 500 is £5.00, or ¥500.
    amount: int
    currency: str


class StampRewardRules(TypedDict):
    """`refund`: the lowest price on the full card is paid back. `fixed-reward`: `amount` is paid."""

    type: Literal["refund", "fixed-reward"]
    # Of fixed-reward. In the currency's smallest unit: 500 is £5.00, or ¥500.
    amount: NotRequired[int]


class StampReward(TypedDict):
    # sr_…
    id: str
    # sc_…
    stamp_collection: str
    # lp_…
    stamp_program: str
    # null once that customer is erased.
    customer_id: str | None
    # The same.
    member_id: str | None
    type: Literal["refund", "fixed-reward"]
    # In the currency's smallest unit: 500 is £5.00, or ¥500.
    amount: int
    currency: str
    # issued: waiting to be paid.
    status: Literal["issued", "paid", "revoked"]
    # The purchase that filled the card, by your own id; null where a lower threshold or a merge did.
    event_id: str | None
    # Said when it was paid; its member may read it.
    reference: str | None
    # When it was issued, in the environment's time.
    created_at: str
    paid_at: str | None
    revoked_at: str | None


class StampRewardWithStamps(TypedDict):
    # sr_…
    id: str
    # sc_…
    stamp_collection: str
    # lp_…
    stamp_program: str
    # null once that customer is erased.
    customer_id: str | None
    # The same.
    member_id: str | None
    type: Literal["refund", "fixed-reward"]
    # In the currency's smallest unit: 500 is £5.00, or ¥500.
    amount: int
    currency: str
    # issued: waiting to be paid.
    status: Literal["issued", "paid", "revoked"]
    # The purchase that filled the card, by your own id; null where a lower threshold or a merge did.
    event_id: str | None
    # Said when it was paid; its member may read it.
    reference: str | None
    # When it was issued, in the environment's time.
    created_at: str
    paid_at: str | None
    revoked_at: str | None
    # Those in it now, oldest first; of a revoked one those that it was issued for.
    stamps: list[Stamp]


class StampRow(TypedDict):
    """How far the members of one stamp program are, right now."""

    # lp_…
    stamp_program: str
    name: str
    status: Literal["draft", "active", "paused", "ended"]
    threshold: int
    currency: str
    # Members with a card.
    enrolled: int
    # So many members stand at so many stamps.
    steps: list[StampStep]
    # Rewards issued, whatever has become of them.
    issued: int
    paid: int
    revoked: int
    # The sum of what waits to be paid. In the currency's smallest unit: 500 is £5.00, or ¥500.
    to_pay: int
    # The sum of what was paid, likewise.
    paid_amount: int
    # Of the cards, those that were full at least once, 0 to 1; null without a card.
    completion_rate: int | Decimal | None
    # Those of the period on which anything happened.
    days: list[StampDay]


class Stamp(TypedDict):
    # The purchase, by your own id.
    event_id: str | None
    # The purchase's line, from 1; null: the whole purchase.
    line: int | None
    # As a decimal, in major units.
    unit_price: str | None
    collected_at: str


class StampStep(TypedDict):
    stamps: int
    members: int


class StampVerdict(TypedDict):
    """What one card made of a purchase."""

    # sc_…
    stamp_collection: str
    # lp_…
    stamp_program: str
    # The stamp program's, as it was then.
    name: str
    outcome: Literal[
        "stamped",
        "not_in_force",
        "other_currency",
        "condition_failed",
        "no_line_matches",
        "nothing_bought",
        "no_price",
        "stamped_that_day",
    ]
    reason: str
    # Of condition_failed: the part that decided.
    failed: dict[str, Any] | None
    stamps: int


class Step(TypedDict):
    stage: Literal["base", "multiplier", "rounding", "cap", "budget", "maximum"]
    words: str
    # After this step, exact.
    points: str


TierAnalytics = TypedDict(
    "TierAnalytics",
    {
        "time_zone": "str",
        "from": "str",
        "to": "str",
        "as_of": "str",
        "data": "list[TierFigures]",
    },
)


TierChange = TypedDict(
    "TierChange",
    {
        "program": "str | None",
        "from": "str | None",
        "to": "str | None",
        "change": "Literal['reached', 'confirmed', 'grace', 'lowered', 'merged', 'granted', 'revoked']",
        "progress": "str",
        "occurred_at": "str",
    },
)


class TierDay(TypedDict):
    day: str
    up: int
    down: int


class TierFigures(TypedDict):
    program: str
    # How often customers rose in the period.
    up: int
    down: int
    # The lowest first.
    levels: list[TierLevelFigures]
    days: list[TierDay]


class TierLevelFigures(TypedDict):
    # Its code; null: no tier.
    tier: str | None
    title: str | None
    # Who held it at the end of the last day.
    members: int
    # Who holds it now.
    members_now: int


class TierStatus(TypedDict):
    program: str
    # The level's code; null below the first level.
    tier: str | None
    title: str | None
    # Reached, confirmed or lowered to.
    since: str | None
    # The midnight at which it is decided anew.
    valid_until: str | None
    # No longer reached: the days of grace are running.
    in_grace: bool
    # Points, money or events that count now, as a decimal.
    progress: str
    # null at the highest level.
    next: NextTier | None


class TimeToUse(TypedDict):
    median_seconds: int | None
    # Nine of ten were used within.
    p90_seconds: int | None


class TokenBody(TypedDict):
    # Seconds; 3600, if absent.
    expires_in: NotRequired[int]


class Token(TypedDict):
    # A JWT: the member's app sends it as `Authorization: Bearer …`.
    token: str
    member_id: str
    # The key that signed it; revoking that ends the token.
    kid: str
    expires_at: str


class Transaction(TypedDict):
    # txn_…
    id: str
    type: Literal["earned", "bonus", "redeemed", "expired", "adjusted", "reversed", "transferred"]
    # Signed.
    points: int
    # The running total. It differs from the spendable balance while points are pending or held.
    balance_after: int
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it happened, in the environment's time.
    occurred_at: str
    customer_id: str | None
    metric: str
    # Counts the account's entries from 1, without a gap.
    sequence: int
    event_id: str | None
    # Of a reversal: the transaction that it reverses.
    reverses: str | None
    # Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had
    # expired already.
    nominal: int | None
    # Of a credit that the metric's maximum cut: what was asked for.
    requested: int | None
    # Of a reversal under `clip`: what was no longer there; points given back later pay it.
    shortfall: int | None
    # Of a transfer: its other side.
    counterpart: Counterpart | None
    # Of a capture: its hold.
    hold_id: str | None
    # null to a member token, and only there.
    actor: Actor | None
    # null to a member token, and only there.
    trace_id: str | None


class TransactionWithLots(TypedDict):
    # txn_…
    id: str
    type: Literal["earned", "bonus", "redeemed", "expired", "adjusted", "reversed", "transferred"]
    # Signed.
    points: int
    # The running total. It differs from the spendable balance while points are pending or held.
    balance_after: int
    reason: str | None
    metadata: dict[str, Any] | None
    # When it was recorded.
    created_at: str
    # When it happened, in the environment's time.
    occurred_at: str
    customer_id: str | None
    metric: str
    # Counts the account's entries from 1, without a gap.
    sequence: int
    event_id: str | None
    # Of a reversal: the transaction that it reverses.
    reverses: str | None
    # Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had
    # expired already.
    nominal: int | None
    # Of a credit that the metric's maximum cut: what was asked for.
    requested: int | None
    # Of a reversal under `clip`: what was no longer there; points given back later pay it.
    shortfall: int | None
    # Of a transfer: its other side.
    counterpart: Counterpart | None
    # Of a capture: its hold.
    hold_id: str | None
    # null to a member token, and only there.
    actor: Actor | None
    # null to a member token, and only there.
    trace_id: str | None
    # Of a credit: its points now. Empty in a dry run.
    lots: list[LotLeft]


class TransferBody(TypedDict):
    """Each side is named once, by either of its two names."""

    # Who gives, by your own id.
    from_customer_id: NotRequired[str]
    # The same as from_customer_id.
    from_member_id: NotRequired[str]
    # Who receives, by your own id.
    to_customer_id: NotRequired[str]
    # The same as to_customer_id.
    to_member_id: NotRequired[str]
    points: int
    # Shown in both histories.
    reason: NotRequired[str]
    # Kept with both transactions.
    metadata: NotRequired[dict[str, Any]]
    # points, if absent.
    metric: NotRequired[str]


class Transfer(TypedDict):
    sent: Transaction
    received: Transaction


class UseBody(TypedDict):
    # As it is shown, or typed: one in capitals in any case, with or without spaces.
    code: str
    # Which till; whoever comes later is told.
    place: NotRequired[str]


class ValidateBody(TypedDict):
    # As it is shown, or typed: one in capitals in any case, with or without spaces.
    code: str


class Verdict(TypedDict):
    """What one rule made of the event."""

    rule_id: str | None
    # null: a draft, in a dry run.
    rule_revision: str | None
    # Its number; 0 of a draft.
    revision: int
    name: str
    metric: str
    type: str
    # Its exclusive group.
    group: str | None
    # In force, in time, and its condition met; it may yet have given nothing.
    matched: bool
    outcome: str
    reason: str
    # The part of the condition that was not met.
    failed: Failed | None
    # Of a multiplier: what it added.
    points: int
    # What the referrer got.
    referrer_points: NotRequired[int]
    # The arithmetic, in its order.
    steps: list[Step]


class WebhookAttempt(TypedDict):
    """One try to send it."""

    at: str
    # The receiver's HTTP status, if it answered.
    status: int | None
    latency_ms: int | None
    error: str


class WebhookDelivery(TypedDict):
    id: str
    endpoint_id: str
    # Of the event, in the header webhook-id and in GET /v1/audit-events; the same each time it is sent.
    audit_event_id: str
    type: str
    # Your own id of the member; null of an erased one, and of what is of no member.
    member_id: str | None
    # Counts this member's events, from 1.
    sequence: int | None
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: str | None
    give_up_at: str | None
    delivered_at: str | None
    # Of the last attempt, likewise what follows.
    response_status: int | None
    latency_ms: int | None
    # The first 1,024 bytes of the answer.
    response: str
    error: str
    # Every attempt, oldest first.
    history: list[WebhookAttempt]
    created_at: str


class WebhookEndpointBody(TypedDict):
    # https, at an address that everybody can reach; nothing else is ever asked.
    url: str
    # points.earned, points.* for all of a kind, or * for all there are.
    event_types: list[str]
    description: NotRequired[str]


class WebhookEndpoint(TypedDict):
    id: str
    url: str
    description: str
    # points.earned, points.* for all of a kind, or * for all there are.
    event_types: list[str]
    status: Literal["enabled", "disabled", "archived"]
    disabled_at: str | None
    # Why; empty while it is enabled.
    disabled_reason: str
    # Since when nothing has arrived there.
    failing_since: str | None
    last_success_at: str | None
    # Until then the secret before a rotation signs too.
    previous_secret_until: str | None
    created_at: str
