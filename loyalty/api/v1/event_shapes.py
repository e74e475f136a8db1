"""The shapes of an event and of what it caused, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.v1.shapes import AnyObject, Transaction
from loyalty.models import TierChange
from programs.models import ChallengeReward, StampProgram


class EventShape(s.Serializer[Any]):
    id = s.CharField(help_text="evt_…")
    event_id = s.CharField()
    type = s.CharField()
    member_id = s.CharField(allow_null=True, help_text="null once that customer is erased.")
    occurred_at = s.DateTimeField()
    created_at = s.DateTimeField()
    data = AnyObject(allow_null=True)  # type: ignore[assignment]


class StampRewardOfEvent(s.Serializer[Any]):
    id = s.CharField(help_text="sr_…")
    type = s.ChoiceField(choices=StampProgram.RewardKind.choices)
    amount = s.IntegerField(help_text="In the currency's smallest unit: 500 is £5.00, or ¥500.")
    currency = s.CharField()


class AchievementReward(s.Serializer[Any]):
    """One of `metric` with `asked` and `given`; `set` with `item`. A coupon is an item of the set `coupons`."""

    type = s.ChoiceField(choices=ChallengeReward.Kind.choices)
    metric = s.CharField(required=False)
    asked = s.IntegerField(required=False)
    given = s.IntegerField(required=False, help_text="Less than was asked where the metric's maximum cut it.")
    set = s.CharField(required=False)
    item = s.CharField(required=False)


class Effect(s.Serializer[Any]):
    """What an event caused. `points`: a `transaction` (of a refund: what it takes back); `tier`: the customer's
    level in `program` changed; `referral`: it completed the one by `referrer_id`; `stamps`: what became of one of
    their stamp cards; `challenge`: a mission or a challenge was completed, or by a refund it no longer is
    (`revoked`)."""

    kind = s.ChoiceField(choices=["points", "tier", "referral", "stamps", "challenge"])
    transaction = Transaction(required=False)
    rule_revision = s.CharField(required=False, allow_null=True)
    program = s.CharField(required=False)
    vars()["from"] = s.CharField(required=False, allow_null=True, help_text="The code of the level before.")
    to = s.CharField(required=False, allow_null=True)
    change = s.ChoiceField(choices=TierChange.Kind.choices, required=False)
    customer_id = s.CharField(required=False, allow_null=True, help_text="Of a referral: who was referred.")
    referrer_id = s.CharField(required=False, allow_null=True, help_text="null once erased.")
    stamp_collection = s.CharField(required=False, help_text="sc_…")
    stamp_program = s.CharField(required=False, help_text="lp_…")
    collected = s.IntegerField(required=False, help_text="Stamps put on the card.")
    returned = s.IntegerField(required=False, help_text="Stamps taken back.")
    counter = s.IntegerField(required=False, help_text="Stamps on the running card, after it.")
    issued = StampRewardOfEvent(many=True, required=False, help_text="What a full card gave.")
    revoked = StampRewardOfEvent(
        many=True, required=False, help_text="Not yet paid rewards that lost a stamp."
    )
    standing = StampRewardOfEvent(
        many=True,
        required=False,
        help_text="Paid rewards that lost a stamp: they stand, and the card owes it.",
    )
    action = s.ChoiceField(choices=["completed", "revoked"], required=False)
    achievement = s.CharField(required=False, help_text="ach_…")
    achieved = s.ChoiceField(choices=["mission", "challenge"], required=False)
    challenge = s.UUIDField(required=False)
    mission = s.UUIDField(required=False, allow_null=True, help_text="null of a whole challenge.")
    title = s.CharField(required=False)
    period = s.CharField(required=False, help_text="ever, or the local day, week or month: day:2026-01-31.")
    rewards = AchievementReward(many=True, required=False, help_text="What it gave, or what was taken back.")


class Reason(s.Serializer[Any]):
    """What one rule of the event's type made of it, in words; `explain` has the figures."""

    rule = s.CharField(allow_null=True, help_text="Its name; null: it is said of the event as a whole.")
    outcome = s.CharField()
    reason = s.CharField()
    stamp_program = s.CharField(required=False, help_text="lp_…; only where it is said of that stamp card.")
    challenge = s.UUIDField(
        required=False, help_text="Only where it is said of one of its missions, or of it."
    )
    mission = s.UUIDField(required=False, allow_null=True)


class RecordedEvent(s.Serializer[Any]):
    event = EventShape()
    effects = Effect(many=True)
    reasons = Reason(many=True, help_text="Why it earned what it did, or nothing: a sentence for each rule.")
    duplicate = s.BooleanField()
