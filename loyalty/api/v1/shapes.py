"""The shapes of /v1's answers, for the OpenAPI document. Rendering is in rendering.py; a test holds
each answer against its shape."""

from typing import Any

from rest_framework import serializers as s

from loyalty.models import LedgerEntry
from programs.models import EarningRule, Environment, Metric, Program


class AnyObject(s.DictField):
    """A JSON object."""


class ActorShape(s.Serializer[Any]):
    kind = s.CharField()
    id = s.CharField()


class Counterpart(s.Serializer[Any]):
    transaction_id = s.CharField(help_text="txn_…")
    customer_id = s.CharField(
        allow_null=True, help_text="null once that customer is erased, and to a member token."
    )


class Transaction(s.Serializer[Any]):
    id = s.CharField(help_text="txn_…")
    type = s.ChoiceField(choices=LedgerEntry.Type.choices)
    points = s.IntegerField(help_text="Signed.")
    balance_after = s.IntegerField(
        help_text="The running total. It differs from the spendable balance while points are pending or held."
    )
    reason = s.CharField(allow_null=True)
    metadata = AnyObject(allow_null=True)
    created_at = s.DateTimeField(help_text="When it was recorded.")
    occurred_at = s.DateTimeField(help_text="When it happened, in the environment's time.")
    customer_id = s.CharField(allow_null=True)
    metric = s.CharField()
    sequence = s.IntegerField(help_text="Counts the account's entries from 1, without a gap.")
    event_id = s.CharField(allow_null=True)
    reverses = s.CharField(allow_null=True, help_text="Of a reversal: the transaction that it reverses.")
    nominal = s.IntegerField(
        allow_null=True,
        help_text="Of a reversal: how much of the original it undoes, that is −points, the shortfall and what had "
        "expired already.",
    )
    requested = s.IntegerField(
        allow_null=True, help_text="Of a credit that the metric's maximum cut: what was asked for."
    )
    shortfall = s.IntegerField(
        allow_null=True,
        help_text="Of a reversal under `clip`: what was no longer there; points given back later pay it.",
    )
    counterpart = Counterpart(allow_null=True, help_text="Of a transfer: its other side.")
    hold_id = s.CharField(allow_null=True, help_text="Of a capture: its hold.")
    actor = ActorShape(allow_null=True, help_text="null to a member token, and only there.")
    trace_id = s.CharField(allow_null=True, help_text="null to a member token, and only there.")


class PlainSpend(Transaction):
    """A spend of points outside the catalogue, in the frame of a redemption."""

    reward_id = s.CharField(allow_null=True)
    code = s.CharField(allow_null=True)
    discount_amount = s.CharField(allow_null=True)


class LotPiece(s.Serializer[Any]):
    transaction_id = s.CharField(help_text="The transaction that put these points in.")
    points = s.IntegerField()
    earned_at = s.DateTimeField()
    available_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class ReversalShape(Transaction):
    taken = LotPiece(many=True, help_text="What it took, lot by lot.")
    given_back = LotPiece(many=True, help_text="What it gave back, to the same lots with their own dates.")
    already_expired = s.IntegerField(help_text="Of a reversed credit: what had expired; not taken twice.")
    debt = s.IntegerField(help_text="What it took below zero.")
    reversible = s.IntegerField(help_text="How much of the original can still be reversed.")
    caused = Transaction(
        many=True, help_text="Further transactions of this call, such as what expired at once."
    )
    points_balance = s.IntegerField(help_text="What can be spent now.")


class TransferShape(s.Serializer[Any]):
    sent = Transaction()
    received = Transaction()


class HoldShape(s.Serializer[Any]):
    id = s.CharField(help_text="hold_…")
    status = s.ChoiceField(choices=["open", "captured", "released", "expired"])
    customer_id = s.CharField(allow_null=True)
    metric = s.CharField()
    points = s.IntegerField(help_text="What was reserved.")
    captured = s.IntegerField(help_text="How much of it was spent.")
    reason = s.CharField(allow_null=True)
    metadata = AnyObject(allow_null=True)
    created_at = s.DateTimeField(help_text="When it was recorded.")
    occurred_at = s.DateTimeField(help_text="When it was made, in the environment's time.")
    expires_at = s.DateTimeField(help_text="From then on it is released by itself.")
    closed_at = s.DateTimeField(allow_null=True)
    actor = ActorShape()
    trace_id = s.CharField()


class CaptureShape(s.Serializer[Any]):
    hold = HoldShape()
    transaction = Transaction()


class Expiring(s.Serializer[Any]):
    points = s.IntegerField()
    expires_at = s.DateTimeField()


class Lifetime(s.Serializer[Any]):
    """Net of reversals: earned − redeemed − expired + adjusted + transferred = total."""

    earned = s.IntegerField()
    redeemed = s.IntegerField()
    expired = s.IntegerField()
    adjusted = s.IntegerField()
    transferred = s.IntegerField()


class BalanceShape(s.Serializer[Any]):
    metric = s.CharField()
    balance = s.IntegerField(help_text="What can be spent now.")
    total = s.IntegerField()
    pending = s.IntegerField()
    held = s.IntegerField()
    debt = s.IntegerField(help_text="How far below zero: the next credits pay it.")
    shortfall = s.IntegerField(help_text="What reversals could not take: points given back pay it.")
    lifetime = Lifetime()
    expiring = Expiring(many=True)


class OpenLot(s.Serializer[Any]):
    transaction_id = s.CharField(help_text="The transaction that put these points in.")
    points = s.IntegerField(help_text="What it put in.")
    remaining = s.IntegerField(help_text="What is left of it, besides what is held.")
    held = s.IntegerField()
    pending = s.BooleanField(help_text="Not yet vested.")
    earned_at = s.DateTimeField()
    available_at = s.DateTimeField()
    expires_at = s.DateTimeField(allow_null=True)


class BalanceAsOf(BalanceShape):
    lots = OpenLot(
        many=True, required=False, help_text="With `lots=true`: what is open, first to be spent first."
    )


class Balances(s.Serializer[Any]):
    member_id = s.CharField()
    as_of = s.DateTimeField(
        allow_null=True, help_text="The environment's time that is shown; null with recorded_as_of alone."
    )
    recorded_as_of = s.DateTimeField(
        allow_null=True, help_text="What was recorded by then is counted; null: all."
    )
    data = BalanceAsOf(many=True)  # type: ignore[assignment]


class MemberShape(s.Serializer[Any]):
    id = s.CharField()
    member_id = s.CharField()
    status = s.ChoiceField(choices=["active", "frozen"])
    attributes = AnyObject()
    created_at = s.DateTimeField()


class NextTier(s.Serializer[Any]):
    tier = s.CharField()
    title = s.CharField()
    threshold = s.CharField()
    missing = s.CharField(help_text="How much more is needed.")


class TierStatusShape(s.Serializer[Any]):
    program = s.CharField()
    tier = s.CharField(allow_null=True, help_text="The level's code; null below the first level.")
    title = s.CharField(allow_null=True)
    since = s.DateTimeField(allow_null=True, help_text="Reached, confirmed or lowered to.")
    valid_until = s.DateTimeField(allow_null=True, help_text="The midnight at which it is decided anew.")
    in_grace = s.BooleanField(help_text="No longer reached: the days of grace are running.")
    progress = s.CharField(help_text="Points, money or events that count now, as a decimal.")
    next = NextTier(allow_null=True, help_text="null at the highest level.")


class Customer(MemberShape):
    points_balance = s.IntegerField()
    balances = BalanceShape(many=True)
    tiers = TierStatusShape(many=True, help_text="One for each program that has levels.")


class Merged(MemberShape):
    merged_id = s.CharField(help_text="The id that means this customer from now on.")


class Erased(s.Serializer[Any]):
    status = s.ChoiceField(choices=["erased"])


class ProgramShape(s.Serializer[Any]):
    id = s.CharField()
    code = s.CharField()
    name = s.CharField()
    status = s.ChoiceField(choices=Program.Status.choices)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    retention_days = s.IntegerField(allow_null=True)
    adjustment_limit = s.IntegerField(allow_null=True)
    created_at = s.DateTimeField()


class MetricShape(s.Serializer[Any]):
    code = s.CharField()
    program = s.CharField()
    title = s.CharField()
    media = s.CharField(allow_blank=True)
    default_value = s.IntegerField()
    minimum = s.IntegerField(allow_null=True)
    maximum = s.IntegerField(allow_null=True)
    expiry = s.ChoiceField(choices=Metric.Expiry.choices)
    expiry_count = s.IntegerField(allow_null=True)
    expiry_date = s.DateField(allow_null=True)
    expiry_month_end = s.BooleanField()
    vesting_days = s.IntegerField()
    negative_balance = s.ChoiceField(choices=Metric.NegativeBalance.choices)
    rounding = s.ChoiceField(choices=Metric.Rounding.choices)
    unit_value = s.CharField(
        allow_null=True, help_text="What one is worth, a decimal in major units of `unit_currency`."
    )
    unit_currency = s.CharField(allow_null=True)
    created_at = s.DateTimeField()


class EarningRuleShape(s.Serializer[Any]):
    id = s.CharField()
    program = s.CharField()
    metric = s.CharField()
    name = s.CharField()
    event_type = s.CharField()
    condition = AnyObject()
    award = AnyObject()
    entry_type = s.ChoiceField(choices=EarningRule.EntryType.choices)
    priority = s.IntegerField()
    exclusive_group = s.CharField(allow_blank=True)
    caps = s.ListField(child=AnyObject())
    budget = s.IntegerField(allow_null=True)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    schedule = AnyObject()
    status = s.ChoiceField(choices=EarningRule.Status.choices)
    revision = s.IntegerField(allow_null=True)
    effective_from = s.DateTimeField(allow_null=True)
    created_at = s.DateTimeField()


class EnvironmentShape(s.Serializer[Any]):
    id = s.CharField()
    project = s.CharField()
    kind = s.ChoiceField(choices=Environment.Kind.choices)
    time_zone = s.CharField()
    clock = s.DateTimeField(allow_null=True)


class AuditObject(s.Serializer[Any]):
    type = s.CharField()
    id = s.CharField()


class AuditEventShape(s.Serializer[Any]):
    id = s.CharField()
    verb = s.CharField()
    object = AuditObject()
    actor = ActorShape()
    organization_id = s.CharField(allow_null=True)
    project_id = s.CharField(allow_null=True)
    environment_id = s.CharField(allow_null=True)
    event_id = s.CharField(allow_null=True)
    trace_id = s.CharField()
    before = AnyObject(allow_null=True)
    after = AnyObject(allow_null=True)
    ip = s.CharField(allow_null=True)
    occurred_at = s.DateTimeField()
    recorded_at = s.DateTimeField()


def page_of(
    shape: type[s.Serializer[Any]], name: str, **more: s.Field[Any, Any, Any, Any]
) -> type[s.Serializer[Any]]:
    """The frame of a list answer, and what it says besides."""
    return type(
        name,
        (s.Serializer,),
        {
            "data": shape(many=True),
            "has_more": s.BooleanField(),
            "next_cursor": s.CharField(allow_null=True),
            **more,
        },
    )


TransactionPage = page_of(
    Transaction,
    "TransactionPage",
    history_from=s.DateTimeField(
        required=False, help_text="Only where a window is set: nothing from then on is left out."
    ),
)
CustomerPage = page_of(Customer, "CustomerPage")
HoldPage = page_of(HoldShape, "HoldPage")
ProgramPage = page_of(ProgramShape, "ProgramPage")
MetricPage = page_of(MetricShape, "MetricPage")
EarningRulePage = page_of(EarningRuleShape, "EarningRulePage")
AuditEventPage = page_of(AuditEventShape, "AuditEventPage")
