"""The shapes of /publisher.v1's answers, for the OpenAPI document. Rendering is in rendering.py; a test holds each
answer against its shape."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.common.problems import PROBLEMS
from programs.models import StampProgram

_MINOR = "In the currency's smallest unit: 500 is 5.00 GBP."


class PublisherErrorDetail(s.Serializer[Any]):
    code = s.ChoiceField(choices=list(PROBLEMS))
    message = s.CharField()


class PublisherError(s.Serializer[Any]):
    """A refusal; the codes are those of /v1."""

    error = PublisherErrorDetail()


class PublisherRewardConfig(s.Serializer[Any]):
    """`refund` pays back the lowest price on the card."""

    type = s.ChoiceField(choices=StampProgram.RewardKind.choices)
    amount = s.IntegerField(required=False, help_text=f"Of a fixed-reward. {_MINOR}")


class PublisherFormatted(s.Serializer[Any]):
    formatted = s.CharField()


class PublisherDisplay(s.Serializer[Any]):
    title = s.CharField()
    image = s.CharField(allow_blank=True, help_text="An address; empty where there is no image.")
    logo = s.CharField(required=False)
    summary = s.CharField(allow_blank=True)
    description = s.CharField(allow_blank=True)
    terms = s.CharField(allow_blank=True)
    reward = PublisherFormatted(required=False)


class PublisherProgram(s.Serializer[Any]):
    id = s.CharField(help_text="lp_…")
    name = s.CharField()
    qualifying_threshold = s.IntegerField(help_text="So many stamps are a reward.")
    reward_config = PublisherRewardConfig()
    display_content = PublisherDisplay()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class PublisherPageInfo(s.Serializer[Any]):
    page_size = s.IntegerField(help_text="The limit that was asked for.")
    cursor = s.CharField(allow_null=True, help_text="Of the page after this one; null: there is none.")
    more = s.BooleanField()


class PublisherPrograms(s.Serializer[Any]):
    data = PublisherProgram(many=True)  # type: ignore[assignment]
    page = PublisherPageInfo()


class PublisherCard(s.Serializer[Any]):
    id = s.CharField(help_text="sc_…")
    loyalty_program_id = s.CharField()
    created_at = s.DateTimeField()
    unredeemed_purchases = s.IntegerField(help_text="Stamps on the running card; never below 0.")


class PublisherCards(s.Serializer[Any]):
    data = PublisherCard(many=True)  # type: ignore[assignment]
    page = PublisherPageInfo()


class PublisherStamps(s.Serializer[Any]):
    stamp_collection_id = s.CharField()
    loyalty_program_id = s.CharField()
    stamps = s.IntegerField(help_text="Collected by this purchase; of a refund: returned.")
    unredeemed_purchases = s.IntegerField(help_text="On the running card afterwards.")


class PublisherReward(s.Serializer[Any]):
    id = s.CharField(help_text="sr_…")
    loyalty_program_id = s.CharField()
    type = s.ChoiceField(choices=StampProgram.RewardKind.choices)
    amount = s.IntegerField(help_text=_MINOR)
    currency = s.CharField()


class PublisherPurchase(s.Serializer[Any]):
    id = s.CharField()
    member_id = s.CharField()
    occurred_at = s.DateTimeField()
    stamps = PublisherStamps(many=True, help_text="One for each card that it stamped.")
    rewards = PublisherReward(many=True, help_text="What full cards gave: pay them.")


class PublisherRefund(s.Serializer[Any]):
    id = s.CharField()
    transaction_id = s.CharField()
    member_id = s.CharField()
    stamps = PublisherStamps(many=True, help_text="One for each card that changed.")
    rewards_revoked = PublisherReward(many=True, help_text="Not yet paid: do not pay them any more.")
    rewards_standing = PublisherReward(
        many=True, help_text="Paid before; they stand, and the card owes their stamps."
    )
    rewards = PublisherReward(many=True, help_text="Issued again, of stamps that revoked ones gave back.")
