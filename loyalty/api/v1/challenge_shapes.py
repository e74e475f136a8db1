"""The shapes of what /v1 answers about challenges, milestones, coupons and the members' app, for the OpenAPI
document."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.v1.event_shapes import AchievementReward
from loyalty.api.v1.shapes import AnyObject, page_of
from programs.models import Challenge, ChallengeReward, Mission

OUTCOMES = ["counted", "not_in_force", "condition_failed", "no_amount", "waits"]


class NotificationShape(s.Serializer[Any]):
    """What the member's app says when it is done. Without texts it finds words of its own."""

    display = s.ChoiceField(choices=Mission.Display.choices)
    title = s.CharField(allow_blank=True)
    message = s.CharField(allow_blank=True)


class MissionShape(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    type = s.CharField(allow_blank=True, help_text="A word for the app; empty: the event type.")
    event_type = s.CharField()
    condition = AnyObject(help_text="Which events count; {}: every one of the type.")
    measure = s.ChoiceField(
        choices=Mission.Measure.choices, help_text="count: the events; sum: what `field` adds up to."
    )
    field = s.CharField(allow_blank=True, help_text="Of a sum, such as data.amount.")
    target = s.CharField(help_text="As a decimal.")
    notification = NotificationShape()


class ChallengeRewardShape(s.Serializer[Any]):
    """One of `metric` with `quantity`; `set` with `item`; `coupon`."""

    type = s.ChoiceField(choices=ChallengeReward.Kind.choices)
    metric = s.CharField(required=False)
    quantity = s.IntegerField(required=False)
    set = s.CharField(required=False)
    item = s.CharField(required=False)
    coupon = s.CharField(required=False)


class ChallengeShape(s.Serializer[Any]):
    id = s.UUIDField()
    program = s.CharField()
    title = s.CharField()
    subtitle = s.CharField(allow_blank=True)
    status = s.ChoiceField(choices=Challenge.Status.choices)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    per = s.ChoiceField(
        choices=Challenge.Per.choices,
        help_text="How often a member can complete it: ever: once; else once in each local day, week or month.",
    )
    mission_order = s.ChoiceField(
        choices=Challenge.Order.choices,
        help_text="sequence: a mission counts once those before it are complete.",
    )
    place = s.IntegerField(help_text="Lower ones come first in the app.")
    show_in_profile = s.BooleanField()
    show_in_rail = s.BooleanField()
    show_time = s.BooleanField()
    notification = NotificationShape()
    missions = MissionShape(many=True, help_text="In their order.")
    rewards = ChallengeRewardShape(many=True, help_text="What a member gets who has completed all missions.")
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class MissionProgressShape(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    progress = s.CharField(help_text="As a decimal; never above the target.")
    target = s.CharField()
    completed_at = s.DateTimeField(allow_null=True)


class MemberChallengeShape(s.Serializer[Any]):
    """How far a customer is, in the period that is running."""

    id = s.UUIDField()
    title = s.CharField()
    period = s.CharField(help_text="ever, or the local day, week or month: day:2026-01-31.")
    status = s.ChoiceField(choices=["open", "completed"])
    completed_at = s.DateTimeField(allow_null=True)
    missions = MissionProgressShape(many=True)


class MemberChallenges(s.Serializer[Any]):
    member_id = s.CharField()
    data = MemberChallengeShape(many=True)  # type: ignore[assignment]


class MilestoneShape(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    media = s.CharField(allow_blank=True)
    threshold = s.IntegerField(help_text="Reached at so many points of the metric, lost below.")


class MilestoneSetShape(s.Serializer[Any]):
    id = s.CharField()
    metric = s.CharField()
    title = s.CharField()
    milestones = MilestoneShape(many=True, help_text="Lowest first.")
    created_at = s.DateTimeField()


class CouponShape(s.Serializer[Any]):
    id = s.CharField(help_text="Of its item in the inventory set `coupons`.")
    title = s.CharField()
    media = s.CharField(allow_blank=True)
    link = s.CharField(allow_blank=True)
    coupon_id = s.CharField(allow_blank=True, help_text="In the system that honours it.")
    coupon_type = s.CharField(allow_blank=True)
    code = s.CharField(allow_blank=True, help_text="The same for everybody.")
    code_pattern = s.CharField(
        allow_blank=True, help_text="Each time another code: each # is a letter or a digit."
    )
    show_on_notification = s.BooleanField()
    created_at = s.DateTimeField()


class MemberAppShape(s.Serializer[Any]):
    public_host = s.CharField(allow_null=True)
    origins = s.ListField(child=s.CharField())
    event_types = s.ListField(child=s.CharField())


class MissionVerdict(s.Serializer[Any]):
    """What one mission made of an event."""

    challenge = s.UUIDField()
    mission = s.UUIDField()
    challenge_title = s.CharField(help_text="As it was then.")
    title = s.CharField(help_text="The mission's, as it was then.")
    outcome = s.ChoiceField(choices=OUTCOMES)
    reason = s.CharField()
    failed = AnyObject(allow_null=True, help_text="Of condition_failed: the part that decided.")
    amount = s.CharField(help_text="What it counted, as a decimal.")


class MissionCounted(s.Serializer[Any]):
    challenge = s.UUIDField()
    mission = s.UUIDField()
    period = s.CharField()
    amount = s.CharField(help_text="As a decimal; of a refund below zero.")
    progress = s.CharField(help_text="After it; never above the target.")
    target = s.CharField()


class AchievementShape(s.Serializer[Any]):
    id = s.CharField(help_text="ach_…")
    achieved = s.ChoiceField(choices=["mission", "challenge"])
    challenge = s.UUIDField()
    mission = s.UUIDField(allow_null=True)
    title = s.CharField()
    period = s.CharField()
    rewards = AchievementReward(many=True)


class ChallengeEffects(s.Serializer[Any]):
    """What became of the customer's challenges by an event."""

    counted = MissionCounted(many=True)
    completed = AchievementShape(many=True)
    revoked = AchievementShape(many=True)


ChallengePage = page_of(ChallengeShape, "ChallengePage")
MilestoneSetPage = page_of(MilestoneSetShape, "MilestoneSetPage")
CouponPage = page_of(CouponShape, "CouponPage")
