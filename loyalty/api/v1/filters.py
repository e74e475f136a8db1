"""Filters of the list calls: what the query string may narrow."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django_filters import CharFilter, ChoiceFilter, Filter, FilterSet

from audit.models import AuditEvent, WebhookDelivery
from loyalty.api.common.fields import INSTANT_HELP, parse_instant
from loyalty.models import Hold, LedgerEntry, Member, Redemption, StampReward
from programs.models import Challenge, Reward, StampProgram


class InstantField(forms.Field):
    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        instant = parse_instant(value)
        if instant is None:
            raise ValidationError(INSTANT_HELP, code="invalid")
        return instant


class InstantFilter(Filter):
    field_class = InstantField


class EntryFilters(FilterSet):
    """Of a member's points history: by type, and by when it happened (`from` inclusive, `to` exclusive)."""

    type = ChoiceFilter(choices=LedgerEntry.Type.choices)
    vars()["from"] = InstantFilter(field_name="occurred_at", lookup_expr="gte")
    to = InstantFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = LedgerEntry
        fields: list[str] = []


class TransactionFilters(EntryFilters):
    """Of all transactions of the environment."""

    metric = CharFilter(field_name="account__metric__code", max_length=50)


class HoldFilters(FilterSet):
    metric = CharFilter(field_name="account__metric__code", max_length=50)

    class Meta:
        model = Hold
        fields: list[str] = []


class RewardFilters(FilterSet):
    status = ChoiceFilter(choices=Reward.Status.choices)
    kind = ChoiceFilter(choices=Reward.Kind.choices)
    program = CharFilter(method="of_program", max_length=64)

    class Meta:
        model = Reward
        fields: list[str] = []

    def of_program(self, rows: QuerySet[Reward], name: str, value: str) -> QuerySet[Reward]:
        """By the program's code or id."""
        return rows.filter(Q(program__code=value) | Q(program__public_id=value))


class RedemptionFilters(FilterSet):
    """By when it was redeemed (`from` inclusive, `to` exclusive)."""

    vars()["from"] = InstantFilter(field_name="occurred_at", lookup_expr="gte")
    to = InstantFilter(field_name="occurred_at", lookup_expr="lt")

    class Meta:
        model = Redemption
        fields: list[str] = []


class StampProgramFilters(FilterSet):
    status = ChoiceFilter(choices=StampProgram.Status.choices)
    program = CharFilter(method="of_program", max_length=64)

    class Meta:
        model = StampProgram
        fields: list[str] = []

    def of_program(self, rows: QuerySet[StampProgram], name: str, value: str) -> QuerySet[StampProgram]:
        """By the program's code or id."""
        return rows.filter(Q(program__code=value) | Q(program__public_id=value))


class ChallengeFilters(FilterSet):
    status = ChoiceFilter(choices=Challenge.Status.choices)
    program = CharFilter(method="of_program", max_length=64)

    class Meta:
        model = Challenge
        fields: list[str] = []

    def of_program(self, rows: QuerySet[Challenge], name: str, value: str) -> QuerySet[Challenge]:
        """By the program's code or id."""
        return rows.filter(Q(program__code=value) | Q(program__public_id=value))


class StampRewardFilters(FilterSet):
    """By its status, and by when it was issued (`from` inclusive, `to` exclusive)."""

    status = ChoiceFilter(choices=StampReward.Status.choices)
    vars()["from"] = InstantFilter(field_name="issued_at", lookup_expr="gte")
    to = InstantFilter(field_name="issued_at", lookup_expr="lt")

    class Meta:
        model = StampReward
        fields: list[str] = []


class MemberFilters(FilterSet):
    status = ChoiceFilter(choices=[("active", "Active"), ("frozen", "Frozen")])

    class Meta:
        model = Member
        fields: list[str] = []


class AuditFilters(FilterSet):
    """By verb, actor, source event, trace, and when it was recorded."""

    verb = CharFilter(max_length=64)
    actor_id = CharFilter(max_length=200)
    event_id = CharFilter(max_length=200)
    trace_id = CharFilter(max_length=128)
    vars()["from"] = InstantFilter(field_name="recorded_at", lookup_expr="gte")
    to = InstantFilter(field_name="recorded_at", lookup_expr="lt")

    class Meta:
        model = AuditEvent
        fields: list[str] = []


class WebhookDeliveryFilters(FilterSet):
    """By its status, its event's type in full, and when it was made (`from` inclusive, `to` exclusive)."""

    status = ChoiceFilter(choices=WebhookDelivery.Status.choices)
    type = CharFilter(max_length=64)
    vars()["from"] = InstantFilter(field_name="created_at", lookup_expr="gte")
    to = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []
