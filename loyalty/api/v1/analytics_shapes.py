"""The shapes of the reports of /v1, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.v1.reward_shapes import Money, RewardFigures
from loyalty.api.v1.shapes import page_of
from loyalty.api.v1.stamp_shapes import StampFigures
from programs.models import Challenge

_AS_OF = (
    "The environment's time at which it was counted; what is due by then is in, also where no job has run."
)
_WORTH = "In `unit_currency`, rounded half up to its minor unit; null where the metric says no worth."


class _Report(s.Serializer[Any]):
    time_zone = s.CharField(help_text="Days are those of the project's zone.")
    vars()["from"] = s.DateField(help_text="The first day.")
    to = s.DateField(help_text="The last day.")
    as_of = s.DateTimeField(help_text=_AS_OF)


class _MetricReport(_Report):
    program = s.CharField()
    metric = s.CharField()
    unit_value = s.CharField(allow_null=True, help_text="What one is worth, as the metric says now.")
    unit_currency = s.CharField(allow_null=True)


class OutstandingDay(s.Serializer[Any]):
    day = s.DateField()
    outstanding = s.IntegerField(help_text="The sum of all customers' totals at the day's end.")
    outstanding_value = s.CharField(allow_null=True, help_text=_WORTH)


class _Movements(s.Serializer[Any]):
    """opening + issued − redeemed − expired + reversed + adjusted + transferred = closing."""

    issued = s.IntegerField(help_text="Earned and bonus.")
    redeemed = s.IntegerField(help_text="What was spent, above zero.")
    expired = s.IntegerField(help_text="Above zero.")
    reversed = s.IntegerField(help_text="All that reversals changed, signed.")
    adjusted = s.IntegerField(help_text="Signed.")
    transferred = s.IntegerField(
        help_text="Signed; 0, but where a transfer is still on its way through a merge."
    )


class PointsDay(_Movements):
    day = s.DateField()
    outstanding = s.IntegerField(help_text="The sum of all customers' totals at the day's end.")
    outstanding_value = s.CharField(allow_null=True, help_text=_WORTH)


class PointsTotals(_Movements):
    opening = s.IntegerField(help_text="Outstanding before the first day.")
    reversed_issued = s.IntegerField(help_text="Of `reversed`: what was taken back of issued points.")
    reversed_redeemed = s.IntegerField(help_text="Of `reversed`: what was given back of redeemed points.")
    reversed_adjusted = s.IntegerField(help_text="Of `reversed`: of adjustments.")
    closing = s.IntegerField(help_text="Outstanding at the end of the last day.")
    closing_value = s.CharField(allow_null=True, help_text=_WORTH)
    net_issued = s.IntegerField(help_text="Issued, less what was taken back of it.")
    net_redeemed = s.IntegerField(help_text="Redeemed, less what was given back of it.")
    redemption_rate = Money(
        allow_null=True, help_text="Net redeemed of net issued, 1 is all; null where none was."
    )
    breakage_rate = Money(allow_null=True, help_text="Expired of net issued, likewise.")
    active_members = s.IntegerField(
        help_text="Different customers with an entry of this metric in the period."
    )


class PointsAnalytics(_MetricReport):
    totals = PointsTotals()
    data = PointsDay(many=True)  # type: ignore[assignment]


class LiabilityCohort(s.Serializer[Any]):
    month = s.CharField(
        allow_null=True, help_text="2026-01: the month in which they expire; null, the last one: never."
    )
    points = s.IntegerField(help_text="All of them, those pending and held too.")
    pending = s.IntegerField(help_text="Of `points`: earned, and not to be spent yet.")
    held = s.IntegerField(
        help_text="Of `points`: on hold; they don't expire meanwhile, so the month may be over."
    )
    value = s.CharField(allow_null=True, help_text=_WORTH)


class LiabilityAnalytics(_MetricReport):
    outstanding = s.IntegerField(help_text="At `as_of`: the sum of the cohorts and `debt`.")
    outstanding_value = s.CharField(allow_null=True, help_text=_WORTH)
    pending = s.IntegerField(help_text="Of the cohorts.")
    held = s.IntegerField(help_text="Of the cohorts.")
    debt = s.IntegerField(help_text="What customers owe, 0 or below.")
    cohorts = LiabilityCohort(many=True)
    data = OutstandingDay(many=True)  # type: ignore[assignment]


class MembersTotals(s.Serializer[Any]):
    new = s.IntegerField()
    active = s.IntegerField(help_text="Each one once, however many days.")
    total = s.IntegerField(help_text="At the end of the last day.")


class MembersDay(s.Serializer[Any]):
    day = s.DateField()
    new = s.IntegerField(help_text="Came on that day.")
    active = s.IntegerField(help_text="Had points moved, other than by expiry.")
    total = s.IntegerField(help_text="Were there at the day's end.")


class MemberAnalytics(_Report):
    """Who was erased, or merged into another, is on no day, but for `active`, where they count as who they are now."""

    totals = MembersTotals()
    data = MembersDay(many=True)  # type: ignore[assignment]


class TierLevelFigures(s.Serializer[Any]):
    tier = s.CharField(allow_null=True, help_text="Its code; null: no tier.")
    title = s.CharField(allow_null=True)
    members = s.IntegerField(help_text="Who held it at the end of the last day.")
    members_now = s.IntegerField(help_text="Who holds it now.")


class TierDay(s.Serializer[Any]):
    day = s.DateField()
    up = s.IntegerField()
    down = s.IntegerField()


class TierFigures(s.Serializer[Any]):
    program = s.CharField()
    up = s.IntegerField(help_text="How often customers rose in the period.")
    down = s.IntegerField()
    levels = TierLevelFigures(many=True, help_text="The lowest first.")
    days = TierDay(many=True)


class TierAnalytics(_Report):
    data = TierFigures(many=True, help_text="Of each program that has tiers in force.")  # type: ignore[assignment]


class RewardDay(s.Serializer[Any]):
    day = s.DateField()
    redemptions = s.IntegerField()
    points = s.IntegerField(help_text="What was paid, less what cancellations gave back.")


class RewardRow(RewardFigures):
    program = s.CharField()
    metric = s.CharField(help_text="What it is paid in.")
    points_value = s.CharField(
        allow_null=True, help_text="What `points` are worth, as the metric says; null where it says no worth."
    )
    days = RewardDay(many=True, help_text="Those on which it was redeemed.")


class RewardAnalytics(s.Serializer[Any]):
    vars()["from"] = s.DateTimeField(help_text="Inclusive.")
    to = s.DateTimeField(help_text="Exclusive.")
    time_zone = s.CharField(help_text="Days are those of the project's zone.")
    as_of = s.DateTimeField(help_text=_AS_OF)
    data = RewardRow(many=True, help_text="The most redeemed first.")  # type: ignore[assignment]


class StampDay(s.Serializer[Any]):
    day = s.DateField()
    joined = s.IntegerField(help_text="Cards that customers got.")
    stamps = s.IntegerField(help_text="Put on cards, also where they were taken back later.")
    returned = s.IntegerField(help_text="Taken back.")
    issued = s.IntegerField(help_text="Rewards that full cards gave, whatever became of them.")
    paid = s.IntegerField()


class StampRow(StampFigures):
    completion_rate = Money(
        allow_null=True,
        help_text="Of the cards, those that were full at least once, 0 to 1; null without a card.",
    )
    days = StampDay(many=True, help_text="Those of the period on which anything happened.")


_MOMENTS: dict[str, s.Field[Any, Any, Any, Any]] = {
    "from": s.DateTimeField(help_text="Inclusive."),
    "to": s.DateTimeField(help_text="Exclusive."),
    "time_zone": s.CharField(help_text="Days are those of the project's zone."),
    "as_of": s.DateTimeField(help_text=_AS_OF),
}
StampAnalyticsPage = page_of(StampRow, "StampAnalyticsPage", **_MOMENTS)


class ChallengeStep(s.Serializer[Any]):
    mission_id = s.CharField()
    title = s.CharField()
    members = s.IntegerField(help_text="Who completed it.")


class ChallengeFigures(s.Serializer[Any]):
    """How far customers are in the period of now: of a challenge that repeats, this day, week or month."""

    challenge_id = s.CharField()
    program = s.CharField()
    title = s.CharField()
    status = s.ChoiceField(choices=Challenge.Status.choices)
    started = s.IntegerField(help_text="Who began.")
    missions = ChallengeStep(many=True)
    completed = s.IntegerField(help_text="Who completed all of it.")
    completion_rate = Money(
        allow_null=True, help_text="Completed of started, 0 to 1; null where nobody began."
    )


ChallengeAnalyticsPage = page_of(ChallengeFigures, "ChallengeAnalyticsPage", as_of=s.DateTimeField())
