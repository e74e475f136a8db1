"""The shapes of what /v1 answers about stamp programs, cards and stamp rewards, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers as s

from loyalty.api.v1.event_shapes import StampRewardOfEvent
from loyalty.api.v1.shapes import AnyObject, page_of
from loyalty.models import StampReward
from programs.models import StampProgram

MINOR = "In the currency's smallest unit: 500 is £5.00, or ¥500."
OUTCOMES = [
    "stamped",
    "not_in_force",
    "other_currency",
    "condition_failed",
    "no_line_matches",
    "nothing_bought",
    "no_price",
    "stamped_that_day",
]


class StampRewardRules(s.Serializer[Any]):
    """`refund`: the lowest price on the full card is paid back. `fixed-reward`: `amount` is paid."""

    type = s.ChoiceField(choices=StampProgram.RewardKind.choices)
    amount = s.IntegerField(required=False, help_text=f"Of fixed-reward. {MINOR}")


class StampDisplay(s.Serializer[Any]):
    """What the card says, and shows."""

    title = s.CharField()
    image = s.URLField(allow_null=True)
    logo = s.URLField(allow_null=True)
    summary = s.CharField(allow_blank=True)
    description = s.CharField(allow_blank=True)
    terms = s.CharField(allow_blank=True)
    reward = s.CharField(allow_blank=True, help_text="The reward in words: 1 Free Coffee.")


class StampProgramShape(s.Serializer[Any]):
    id = s.CharField(help_text="lp_…, or as chosen.")
    program = s.CharField()
    name = s.CharField()
    status = s.ChoiceField(choices=StampProgram.Status.choices)
    starts_at = s.DateTimeField(allow_null=True)
    ends_at = s.DateTimeField(allow_null=True)
    threshold = s.IntegerField(help_text="So many stamps are a reward.")
    condition = AnyObject(
        allow_null=True, help_text="Which purchases stamp the card; {}: every one. null to a member token."
    )
    items = AnyObject(
        allow_null=True,
        help_text="Which of a purchase's lines count, by item.*; {}: every one. null to a member token.",
    )
    stamps_per = s.ChoiceField(
        choices=StampProgram.StampsPer.choices, help_text="One a purchase, one a piece, or one a local day."
    )
    currency = s.CharField(help_text="Purchases in another one don't stamp the card.")
    reward = StampRewardRules()
    display = StampDisplay()
    created_at = s.DateTimeField()
    updated_at = s.DateTimeField()


class RewardsOfCard(s.Serializer[Any]):
    issued = s.IntegerField(help_text="Waiting to be paid.")
    paid = s.IntegerField()
    revoked = s.IntegerField()


class StampCollectionShape(s.Serializer[Any]):
    id = s.CharField(help_text="sc_…")
    stamp_program = s.CharField(help_text="lp_…")
    name = s.CharField(help_text="Of the stamp program.")
    customer_id = s.CharField(allow_null=True)
    member_id = s.CharField(allow_null=True, help_text="The same.")
    stamps = s.IntegerField(help_text="On the card that is running.")
    threshold = s.IntegerField(
        help_text="So many stamps fill it: the lowest that the stamp program has had since it began."
    )
    owed = s.IntegerField(
        help_text="Stamps that refunds took back from paid rewards: the next ones fill these first."
    )
    rewards = RewardsOfCard(help_text="What full cards gave, by what has become of it.")
    created_at = s.DateTimeField(help_text="When the customer joined.")


class StampShape(s.Serializer[Any]):
    event_id = s.CharField(allow_null=True, help_text="The purchase, by your own id.")
    line = s.IntegerField(allow_null=True, help_text="The purchase's line, from 1; null: the whole purchase.")
    unit_price = s.CharField(allow_null=True, help_text="As a decimal, in major units.")
    collected_at = s.DateTimeField()


class StampRewardShape(s.Serializer[Any]):
    id = s.CharField(help_text="sr_…")
    stamp_collection = s.CharField(help_text="sc_…")
    stamp_program = s.CharField(help_text="lp_…")
    customer_id = s.CharField(allow_null=True, help_text="null once that customer is erased.")
    member_id = s.CharField(allow_null=True, help_text="The same.")
    type = s.ChoiceField(choices=StampProgram.RewardKind.choices)
    amount = s.IntegerField(help_text=MINOR)
    currency = s.CharField()
    status = s.ChoiceField(choices=StampReward.Status.choices, help_text="issued: waiting to be paid.")
    event_id = s.CharField(
        allow_null=True,
        help_text="The purchase that filled the card, by your own id; null where a lower threshold or a merge did.",
    )
    reference = s.CharField(allow_null=True, help_text="Said when it was paid; its member may read it.")
    created_at = s.DateTimeField(help_text="When it was issued, in the environment's time.")
    paid_at = s.DateTimeField(allow_null=True)
    revoked_at = s.DateTimeField(allow_null=True)


class StampRewardWithStamps(StampRewardShape):
    stamps = StampShape(
        many=True, help_text="Those in it now, oldest first; of a revoked one those that it was issued for."
    )


class StampChange(s.Serializer[Any]):
    """What became of one card by an event."""

    stamp_collection = s.CharField(help_text="sc_…")
    stamp_program = s.CharField(help_text="lp_…")
    collected = s.IntegerField(help_text="Stamps put on the card.")
    replaced = s.IntegerField(
        help_text="Of the stamps those that took the place of refunded ones, which the card owed to paid rewards."
    )
    returned = s.IntegerField(help_text="Stamps taken back.")
    counter = s.IntegerField(help_text="Stamps on the running card, after it.")
    owed = s.IntegerField(help_text="Stamps that it owes to paid rewards, after it.")
    issued = StampRewardOfEvent(many=True, help_text="What it filled.")
    revoked = StampRewardOfEvent(many=True, help_text="Not yet paid rewards that lost a stamp.")
    standing = StampRewardOfEvent(
        many=True, help_text="Paid rewards that lost a stamp: they stand, and the card owes it."
    )


class StampVerdict(s.Serializer[Any]):
    """What one card made of a purchase."""

    stamp_collection = s.CharField(help_text="sc_…")
    stamp_program = s.CharField(help_text="lp_…")
    name = s.CharField(help_text="The stamp program's, as it was then.")
    outcome = s.ChoiceField(choices=OUTCOMES)
    reason = s.CharField()
    failed = AnyObject(allow_null=True, help_text="Of condition_failed: the part that decided.")
    stamps = s.IntegerField()


class StampStep(s.Serializer[Any]):
    stamps = s.IntegerField()
    members = s.IntegerField()


class StampFigures(s.Serializer[Any]):
    """How far the members of one stamp program are, right now."""

    stamp_program = s.CharField(help_text="lp_…")
    name = s.CharField()
    status = s.ChoiceField(choices=StampProgram.Status.choices)
    threshold = s.IntegerField()
    currency = s.CharField()
    enrolled = s.IntegerField(help_text="Members with a card.")
    steps = StampStep(many=True, help_text="So many members stand at so many stamps.")
    issued = s.IntegerField(help_text="Rewards issued, whatever has become of them.")
    paid = s.IntegerField()
    revoked = s.IntegerField()
    to_pay = s.IntegerField(help_text=f"The sum of what waits to be paid. {MINOR}")
    paid_amount = s.IntegerField(help_text="The sum of what was paid, likewise.")


StampProgramPage = page_of(StampProgramShape, "StampProgramPage")
StampCollectionPage = page_of(StampCollectionShape, "StampCollectionPage")
StampRewardPage = page_of(StampRewardShape, "StampRewardPage")
