"""The shapes of what /v1 answers about events, rules, tiers and referrals, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.v1.challenge_shapes import ChallengeEffects, MissionVerdict
from loyalty.api.v1.docs import FieldProblem
from loyalty.api.v1.event_shapes import Effect, EventShape, Reason
from loyalty.api.v1.shapes import AnyObject, TierStatusShape, Transaction, page_of
from loyalty.api.v1.stamp_shapes import StampChange, StampVerdict
from loyalty.models import BackTest, Referral, TierChange
from programs.models import TierLadder


class BatchError(s.Serializer[Any]):
    """The refusal of one event, as it would have got it by itself; some codes carry more data."""

    code = s.CharField()
    title = s.CharField()
    detail = s.CharField()
    errors = FieldProblem(many=True, help_text="Each by its place in the list: `events[3].type`.")  # type: ignore[assignment]


class BatchResult(s.Serializer[Any]):
    event_id = s.CharField(allow_null=True, help_text="As sent; null where there was none.")
    outcome = s.ChoiceField(choices=["applied", "duplicate", "refused"])
    event = EventShape(allow_null=True)
    effects = Effect(many=True)
    reasons = Reason(many=True)
    error = BatchError(allow_null=True)


class BatchShape(s.Serializer[Any]):
    results = BatchResult(many=True, help_text="One for each event, in the order of the list.")


class Failed(s.Serializer[Any]):
    path = s.CharField(allow_blank=True, help_text="Where in the condition.")
    words = s.CharField()
    field = s.CharField(allow_null=True)
    actual = s.JSONField(allow_null=True)


class StepShape(s.Serializer[Any]):
    stage = s.ChoiceField(choices=["base", "multiplier", "rounding", "cap", "budget", "maximum"])
    words = s.CharField()
    points = s.CharField(help_text="After this step, exact.")


class Verdict(s.Serializer[Any]):
    """What one rule made of the event."""

    rule_id = s.CharField(allow_null=True)
    rule_revision = s.CharField(allow_null=True, help_text="null: a draft, in a dry run.")
    revision = s.IntegerField(help_text="Its number; 0 of a draft.")
    name = s.CharField()
    metric = s.CharField()
    type = s.CharField()
    group = s.CharField(allow_null=True, help_text="Its exclusive group.")
    matched = s.BooleanField(
        help_text="In force, in time, and its condition met; it may yet have given nothing."
    )
    outcome = s.CharField()
    reason = s.CharField()
    failed = Failed(allow_null=True, help_text="The part of the condition that was not met.")
    points = s.IntegerField(help_text="Of a multiplier: what it added.")
    referrer_points = s.IntegerField(required=False, help_text="What the referrer got.")
    steps = StepShape(many=True, help_text="The arithmetic, in its order.")


class LevelThen(s.Serializer[Any]):
    """The customer's level in a program, before the event."""

    program = s.CharField(allow_null=True)
    tier = s.CharField(allow_null=True)
    title = s.CharField()
    multiplier = s.CharField()


class LotLeft(s.Serializer[Any]):
    points = s.IntegerField(help_text="What was put in.")
    remaining = s.IntegerField(help_text="What is left of it now, besides what is held.")
    held = s.IntegerField()
    pending = s.BooleanField(help_text="Not yet vested.")
    available_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class TransactionWithLots(Transaction):
    lots = LotLeft(many=True, help_text="Of a credit: its points now. Empty in a dry run.")


class TierChangeShape(s.Serializer[Any]):
    program = s.CharField(allow_null=True)
    vars()["from"] = s.CharField(allow_null=True)
    to = s.CharField(allow_null=True)
    change = s.ChoiceField(choices=TierChange.Kind.choices)
    progress = s.CharField(help_text="What decided.")
    occurred_at = s.DateTimeField()


class RefundSide(s.Serializer[Any]):
    """One account's part of a refund, in points."""

    recipient = s.ChoiceField(
        choices=["member", "referrer"],
        help_text="Whose account: the customer's, or of who had referred them.",
    )
    metric = s.CharField()
    earned = s.IntegerField(help_text="By the purchase.")
    recomputed = s.IntegerField(help_text="What is left of the purchase would earn.")
    target = s.IntegerField(help_text="To be taken back by all refunds so far.")
    before = s.IntegerField(help_text="Taken back by refunds before this one.")
    by_hand = s.IntegerField(help_text="Taken back by reversals of transactions.")
    reversed = s.IntegerField(help_text="Taken back by this one; below zero: given again.")


class RefundShape(s.Serializer[Any]):
    purchase = s.CharField(help_text="Its event_id.")
    gross = s.CharField(allow_null=True)
    net = s.CharField(allow_null=True, help_text="What is left of it after all refunds so far.")
    in_proportion = s.BooleanField(
        help_text="The purchase's data are gone: what is taken back goes by money alone."
    )
    sides = RefundSide(many=True)


class ExplanationShape(s.Serializer[Any]):
    event = EventShape()
    member_id = s.CharField(allow_null=True)
    same_as = s.ListField(
        child=s.CharField(),
        help_text="Earlier events of the customer that say the same under other ids, the first one first: perhaps one "
        "thing that was reported twice.",
    )
    levels = LevelThen(many=True)
    refund = RefundShape(allow_null=True)
    verdicts = Verdict(many=True, help_text="By priority, then name.")
    reasons = Reason(many=True)
    transactions = TransactionWithLots(many=True)
    tier_changes = TierChangeShape(many=True)
    stamps = StampVerdict(many=True, help_text="Of a purchase: what each of the customer's cards made of it.")
    stamp_changes = StampChange(many=True, help_text="What became of stamp cards; retention leaves it.")
    challenges = MissionVerdict(many=True, help_text="What each mission made of it.")
    challenge_changes = ChallengeEffects(help_text="What became of challenges; retention leaves it.")
    referrer_id = s.CharField(
        allow_null=True, help_text="Whose referral it completed; of a refund: whose part it took back."
    )


class DefinitionShape(s.Serializer[Any]):
    program = s.CharField(allow_null=True)
    metric = s.CharField(allow_null=True)
    name = s.CharField()
    event_type = s.CharField()
    condition = AnyObject()
    award = AnyObject()
    entry_type = s.CharField()
    priority = s.IntegerField()
    exclusive_group = s.CharField(allow_blank=True)
    caps = s.ListField(child=AnyObject())
    budget = s.IntegerField(allow_null=True)
    starts_at = s.CharField(allow_null=True)
    ends_at = s.CharField(allow_null=True)
    schedule = AnyObject()


class RevisionShape(s.Serializer[Any]):
    id = s.CharField(help_text="rev_…")
    number = s.IntegerField()
    effective_from = s.DateTimeField(help_text="In force from then until the next one is.")
    published_at = s.DateTimeField()
    published_by = s.CharField()
    definition = DefinitionShape(allow_null=True, help_text="null: archived.")


class LevelShape(s.Serializer[Any]):
    code = s.CharField()
    title = s.CharField()
    threshold = s.CharField()
    multiplier = s.CharField()
    members = s.IntegerField(help_text="On this level now.")


class LadderShape(s.Serializer[Any]):
    id = s.CharField(help_text="tl_…")
    program = s.CharField()
    metric = s.CharField()
    basis = s.ChoiceField(choices=TierLadder.Basis.choices)
    event_type = s.CharField()
    currency = s.CharField(allow_null=True)
    period = s.ChoiceField(choices=TierLadder.Period.choices)
    days = s.IntegerField(allow_null=True)
    grace_days = s.IntegerField()
    downgrade = s.ChoiceField(choices=TierLadder.Downgrade.choices)
    active = s.BooleanField()
    levels = LevelShape(many=True, help_text="The lowest first.")
    created_at = s.DateTimeField()


class MemberTiers(s.Serializer[Any]):
    member_id = s.CharField()
    tiers = TierStatusShape(many=True, help_text="One for each program that has levels.")


class OwnReferral(s.Serializer[Any]):
    referrer_id = s.CharField(
        allow_null=True, help_text="null once that customer is erased, and to a member token."
    )
    status = s.ChoiceField(choices=Referral.Status.choices)
    created_at = s.DateTimeField()
    awarded_at = s.DateTimeField(allow_null=True)


class Referred(s.Serializer[Any]):
    pending = s.IntegerField()
    awarded = s.IntegerField()


class ReferralShape(s.Serializer[Any]):
    member_id = s.CharField()
    code = s.CharField(allow_null=True, help_text="Their own, to be given to others; null: never asked for.")
    referral = OwnReferral(allow_null=True, help_text="Through whom they came.")
    referred = Referred(help_text="How many came through them.")


class WouldAndGiven(s.Serializer[Any]):
    would = s.IntegerField()
    given = s.IntegerField()


class DayFound(WouldAndGiven):
    day = s.DateField()


class MemberFound(WouldAndGiven):
    customer_id = s.CharField(allow_null=True, help_text="null once erased.")


class BudgetFound(s.Serializer[Any]):
    limit = s.IntegerField()
    spent = s.IntegerField()


class BackTestResult(s.Serializer[Any]):
    """In points of the rule's metric, before refunds: what `would` have been given, and what was `given`."""

    metric = s.CharField()
    events = s.IntegerField()
    skipped = s.IntegerField(help_text="Events whose data retention has erased.")
    members = s.IntegerField()
    members_affected = s.IntegerField()
    would = s.IntegerField()
    given = s.IntegerField()
    this_rule = s.IntegerField(help_text="What the draft itself would have given.")
    this_rule_given = s.IntegerField()
    this_rule_members = s.IntegerField()
    outcomes = s.DictField(
        child=s.IntegerField(),
        help_text="Events by what the draft made of them: the outcome of its verdict, or not_reached.",
    )
    budget = BudgetFound(allow_null=True)
    days = DayFound(many=True)
    most_affected = MemberFound(many=True)
    notes = s.ListField(child=s.CharField(), help_text="What the figures leave out, in sentences.")


class BackTestShape(s.Serializer[Any]):
    id = s.CharField(help_text="bt_…")
    rule_id = s.CharField()
    status = s.ChoiceField(choices=BackTest.Status.choices)
    vars()["from"] = s.DateTimeField()
    to = s.DateTimeField()
    total = s.IntegerField(help_text="Events in the period.")
    done = s.IntegerField()
    error = s.CharField(allow_null=True)
    created_at = s.DateTimeField()
    started_at = s.DateTimeField(allow_null=True)
    finished_at = s.DateTimeField(allow_null=True)
    result = BackTestResult(allow_null=True)


class ExportShape(s.Serializer[Any]):
    exported_at = s.DateTimeField()
    member = AnyObject()
    accounts = s.ListField(child=AnyObject())
    transactions = s.ListField(child=AnyObject())
    holds = s.ListField(child=AnyObject())
    adjustment_requests = s.ListField(child=AnyObject())
    redemptions = s.ListField(child=AnyObject())
    items = AnyObject()
    challenges = AnyObject()
    stamp_collections = s.ListField(child=AnyObject())
    events = s.ListField(child=AnyObject())
    event_counts = s.ListField(child=AnyObject())
    tiers = AnyObject()
    usage = s.ListField(child=AnyObject())
    referrals = AnyObject()
    audit_events = s.ListField(child=AnyObject())


RevisionPage = page_of(RevisionShape, "RevisionPage")
LadderPage = page_of(LadderShape, "LadderPage")
