"""The shapes of what /v1 answers about rewards and redemptions, for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers as s

from loyalty.api.v1.shapes import AnyObject, PlainSpend, page_of
from loyalty.models import Redemption as Redeemed
from loyalty.models import RewardCode
from programs.models import Reward

CODE_STATES = ["issued", "used", "expired", "void"]
DISCOUNT_AMOUNT = "In major units of `currency`: 1000 is ₦1,000, 2.5 is £2.50."
_PER = s.ChoiceField(choices=Reward.Per.choices)


@extend_schema_field({"type": "number"})
class Money(s.Field[Any, Any, Any, Any]):
    """A JSON number, exact."""


class GivesShape(s.Serializer[Any]):
    """One of `metric` with `points`; `tier`; `set` with `item`."""

    metric = s.CharField(required=False, allow_null=True)
    points = s.IntegerField(required=False, allow_null=True, help_text="null: it follows from the cost.")
    tier = s.CharField(required=False, allow_null=True, help_text="null once the level was removed.")
    set = s.CharField(required=False, allow_null=True)
    item = s.CharField(required=False, allow_null=True)


class CostShape(s.Serializer[Any]):
    """`fixed`: `points`, or for members of a tier what `tier_points` says. `variable`: the caller names the points,
    from `min` to `max` in steps."""

    kind = s.ChoiceField(choices=Reward.CostKind.choices)
    points = s.IntegerField(required=False)
    tier_points = s.DictField(required=False, child=s.IntegerField())
    min = s.IntegerField(required=False)
    max = s.IntegerField(required=False)
    step = s.IntegerField(required=False)
    value_per_point = s.CharField(
        required=False,
        help_text="For each point, as a decimal: money in major units of `currency` (0.01: £0.01), or points of the "
        "other metric.",
    )


class LimitShape(s.Serializer[Any]):
    times = s.IntegerField(help_text="So many times a member.")
    per = _PER


class OwnLimitShape(LimitShape):
    used = s.IntegerField(help_text="How often this member has had it in the period.")


class CodeRulesShape(s.Serializer[Any]):
    source = s.ChoiceField(choices=Reward.CodeSource.choices)  # type: ignore[assignment]
    pattern = s.CharField(allow_null=True, help_text="Of generated ones: each # is a letter or a digit.")
    valid_days = s.IntegerField(allow_null=True, help_text="null: a code never expires.")
    returns_codes = s.BooleanField(
        help_text="Whether a cancelled redemption gives its uploaded code back to the pool."
    )
    available = s.IntegerField(
        allow_null=True, help_text="Of a pool: the codes that are left; at most 1,000 are counted."
    )


class _AnyReward(s.Serializer[Any]):
    id = s.CharField(help_text="rwd_…, or as chosen.")
    program = s.CharField()
    metric = s.CharField(help_text="What it is paid in.")
    kind = s.ChoiceField(choices=Reward.Kind.choices)
    name = s.CharField()
    description = s.CharField(allow_blank=True)
    image_url = s.URLField(allow_null=True)


class RewardShape(_AnyReward):
    status = s.ChoiceField(choices=Reward.Status.choices)
    cost = CostShape()
    discount_amount = Money(allow_null=True, help_text=DISCOUNT_AMOUNT)
    discount_percent = Money(allow_null=True)
    currency = s.CharField(allow_null=True)
    gives = GivesShape(allow_null=True)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    condition = AnyObject(help_text="Who may have it; {}: everybody.")
    limit = LimitShape(allow_null=True)
    stock = s.IntegerField(allow_null=True, help_text="How many there are altogether; null: no limit.")
    stock_left = s.IntegerField(allow_null=True)
    taken = s.IntegerField(help_text="Since it has had a limit.")
    code = CodeRulesShape()
    fulfilment = s.ChoiceField(choices=Reward.Fulfilment.choices)
    created_at = s.DateTimeField()


class ReasonNot(s.Serializer[Any]):
    """Why a redemption would be refused: the code of that error, and the data that it would carry."""

    code = s.CharField()
    detail = s.CharField()
    reason = s.CharField(required=False, help_text="Of `reward_not_available`.")
    available_from = s.DateTimeField(required=False)
    available_until = s.DateTimeField(required=False)
    failed = AnyObject(required=False, help_text="Of `not_eligible`: the part of the condition that decided.")
    limit = s.IntegerField(required=False, help_text="Of `member_limit_reached`.")
    per = s.ChoiceField(choices=Reward.Per.choices, required=False)
    used = s.IntegerField(required=False)
    resets_at = s.DateTimeField(required=False, allow_null=True)
    balance = s.IntegerField(required=False, help_text="Of `insufficient_balance`.")
    required = s.IntegerField(required=False)  # type: ignore[assignment]
    room = s.IntegerField(required=False, help_text="Of `maximum_reached`: so many more may be given.")


class OfferShape(_AnyReward):
    """A reward as one member has it now."""

    points = s.IntegerField(help_text="What it costs this member; of a variable cost, the least.")
    cost = CostShape()
    discount_amount = Money(allow_null=True, help_text=DISCOUNT_AMOUNT)
    discount_percent = Money(allow_null=True)
    currency = s.CharField(allow_null=True)
    gives = GivesShape(allow_null=True)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    limit = OwnLimitShape(allow_null=True)
    stock_left = s.IntegerField(allow_null=True, help_text="null: no limit.")
    eligible = s.BooleanField(help_text="Whether redeeming it now would be accepted.")
    reasons = ReasonNot(many=True, help_text="All that stands against it; empty where eligible.")


class RedemptionShape(s.Serializer[Any]):
    id = s.CharField(help_text="red_…")
    customer_id = s.CharField(allow_null=True, help_text="null once that customer is erased.")
    member_id = s.CharField(allow_null=True, help_text="The same.")
    reward_id = s.CharField()
    name = s.CharField(help_text="As the reward was called then.")
    kind = s.ChoiceField(choices=Reward.Kind.choices)
    status = s.ChoiceField(choices=Redeemed.Status.choices)
    points = s.IntegerField(help_text="What it cost.")
    metric = s.CharField(help_text="What it was paid in.")
    points_balance = s.IntegerField(
        required=False, help_text="In the answer of redeeming: what the customer can still spend."
    )
    code = s.CharField(allow_null=True)
    code_status = s.ChoiceField(choices=CODE_STATES, allow_null=True)
    code_expires_at = s.DateTimeField(allow_null=True)
    used_at = s.DateTimeField(allow_null=True)
    used_place = s.CharField(allow_null=True)
    discount_amount = Money(allow_null=True, help_text=DISCOUNT_AMOUNT)
    discount_percent = Money(allow_null=True)
    currency = s.CharField(allow_null=True)
    gives = GivesShape(allow_null=True)
    transaction_id = s.CharField(
        allow_null=True, help_text="txn_…, the transaction that paid for it; null where it cost nothing."
    )
    reason = s.CharField(allow_null=True)
    metadata = AnyObject(allow_null=True)
    created_at = s.DateTimeField(help_text="When it was recorded.")
    occurred_at = s.DateTimeField(help_text="When it was redeemed, in the environment's time.")
    fulfilled_at = s.DateTimeField(allow_null=True)
    closed_at = s.DateTimeField(allow_null=True, help_text="When it was cancelled, or failed.")
    note = s.CharField(allow_null=True, help_text="Said when it was fulfilled; null to a member token.")
    closed_reason = s.CharField(
        allow_null=True, help_text="Why it was cancelled, or has failed; its member may read it."
    )


class CodeShape(s.Serializer[Any]):
    code = s.CharField(allow_null=True, help_text="null once its customer is erased.")
    status = s.ChoiceField(choices=["available", *CODE_STATES])
    source = s.ChoiceField(choices=RewardCode.Source.choices)  # type: ignore[assignment]
    redemption_id = s.CharField(allow_null=True)
    added_at = s.DateTimeField()
    issued_at = s.DateTimeField(allow_null=True)
    expires_at = s.DateTimeField(allow_null=True)
    used_at = s.DateTimeField(allow_null=True)
    used_place = s.CharField(allow_null=True)


class CodeProblem(s.Serializer[Any]):
    line = s.IntegerField(help_text="Its place in the list, from 1.")
    code = s.CharField()
    problem = s.CharField()


class CodesAdded(s.Serializer[Any]):
    added = s.IntegerField(help_text="In a dry run: how many would be.")
    duplicates = s.IntegerField(help_text="Here before, or twice in the list; left as they are.")
    invalid = s.IntegerField(help_text="Left out.")
    problems = CodeProblem(many=True, help_text="The first 100.")
    available = s.IntegerField(help_text="Codes in the pool now.")


class CodesRemoved(s.Serializer[Any]):
    removed = s.IntegerField()


class ItemShape(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    media = s.CharField(allow_blank=True)


class InventorySetShape(s.Serializer[Any]):
    id = s.CharField()
    program = s.CharField()
    title = s.CharField()
    items = ItemShape(many=True)
    created_at = s.DateTimeField()


class TimeToUse(s.Serializer[Any]):
    median_seconds = s.IntegerField(allow_null=True)
    p90_seconds = s.IntegerField(allow_null=True, help_text="Nine of ten were used within.")


class RewardFigures(s.Serializer[Any]):
    """Of the redemptions of the period, as they stand now."""

    reward_id = s.CharField()
    name = s.CharField()
    kind = s.ChoiceField(choices=Reward.Kind.choices)
    redemptions = s.IntegerField()
    members = s.IntegerField(help_text="Different customers.")
    points = s.IntegerField(help_text="What was paid, less what cancellations gave back.")
    share = Money(help_text="Of all redemptions of the period, 0 to 1.")
    pending = s.IntegerField()
    fulfilled = s.IntegerField()
    cancelled = s.IntegerField()
    failed = s.IntegerField()
    codes_issued = s.IntegerField()
    codes_used = s.IntegerField()
    codes_expired = s.IntegerField()
    use_rate = Money(allow_null=True, help_text="Of the issued codes, 0 to 1.")
    time_to_use = TimeToUse(help_text="From issue to use; null where none was used.")


def _either(name: str, *shapes: type[s.Serializer[Any]], many: bool = False) -> Any:
    return PolymorphicProxySerializer(
        component_name=name, serializers=list(shapes), resource_type_field_name=None, many=many
    )


# With a customer named, or a member token: as they have it. Else as it is set up.
RewardOrOffer = _either("RewardOrOffer", RewardShape, OfferShape)
# Of a reward, or a plain spend.
RedemptionOrSpend = _either("RedemptionOrSpend", RedemptionShape, PlainSpend)


@extend_schema_field(_either("RewardOrOffer", RewardShape, OfferShape, many=True))
class _RewardsOrOffers(s.Field[Any, Any, Any, Any]):
    """A list of the one, or of the other."""


class RewardOrOfferPage(s.Serializer[Any]):
    data = _RewardsOrOffers()  # type: ignore[assignment]
    has_more = s.BooleanField()
    next_cursor = s.CharField(allow_null=True)


RedemptionPage = page_of(RedemptionShape, "RedemptionPage")
CodePage = page_of(CodeShape, "CodePage")
InventorySetPage = page_of(InventorySetShape, "InventorySetPage")
