"""The shapes of /api/loyalty's answers, for the OpenAPI document. Rendering is in rendering.py; a test holds each
answer against its shape."""

from typing import Any, get_args

from rest_framework import serializers as s

from loyalty.api.common.problems import PROBLEMS
from loyalty.queries.member_history import LineType
from programs.models import Challenge, ChallengeReward

_MS = "Unix time in milliseconds."
LINES = get_args(LineType)


class AudienceError(s.Serializer[Any]):
    """A refusal; the codes are those of /v1."""

    message = s.CharField()
    code = s.ChoiceField(choices=list(PROBLEMS))


class AudienceNotified(s.Serializer[Any]):
    display = s.ChoiceField(choices=Challenge.Display.choices)
    title = s.CharField(allow_null=True)
    message = s.CharField(allow_null=True)


class AudienceMetric(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    media = s.CharField(allow_null=True, help_text="An address.")
    defaultValue = s.IntegerField()  # noqa: N815 - the document's name
    minimumValue = s.IntegerField(allow_null=True)  # noqa: N815
    maximumValue = s.IntegerField(allow_null=True)  # noqa: N815


class AudienceItem(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    media = s.CharField(allow_null=True, help_text="An address.")


class AudienceInventorySet(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    items = AudienceItem(many=True)


class AudienceTime(s.Serializer[Any]):
    showInUI = s.BooleanField()  # noqa: N815
    to = s.IntegerField(allow_null=True, help_text=_MS)

    def get_fields(self) -> dict[str, s.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        begin = s.IntegerField(allow_null=True, help_text=_MS)
        return {"showInUI": fields["showInUI"], "from": begin, "to": fields["to"]}


class AudienceMission(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    type = s.CharField(help_text="Its own word, else the type of the events that count.")
    notification = AudienceNotified()


class AudienceReward(s.Serializer[Any]):
    type = s.ChoiceField(choices=ChallengeReward.Kind.choices)
    metricId = s.CharField(allow_null=True)  # noqa: N815
    metricQuantity = s.IntegerField(allow_null=True)  # noqa: N815
    inventorySetId = s.CharField(allow_null=True, help_text="Of a coupon `coupons`.")  # noqa: N815
    inventoryItemId = s.CharField(allow_null=True, help_text="Of a coupon its id.")  # noqa: N815


class AudienceChallenge(s.Serializer[Any]):
    id = s.UUIDField()
    title = s.CharField()
    subtitle = s.CharField(allow_null=True)
    notification = AudienceNotified()
    showInProfile = s.BooleanField()  # noqa: N815
    showInRail = s.BooleanField()  # noqa: N815
    time = AudienceTime()
    missions = AudienceMission(many=True)
    rewards = AudienceReward(many=True)


class AudienceConfig(s.Serializer[Any]):
    metrics = AudienceMetric(many=True)
    inventory = AudienceInventorySet(many=True)
    challenges = AudienceChallenge(many=True)


class AudienceChallengeState(s.Serializer[Any]):
    isCompleted = s.BooleanField()  # noqa: N815
    missionsCompleted = s.ListField(child=s.UUIDField())  # noqa: N815


class AudienceProfile(s.Serializer[Any]):
    metrics = s.DictField(child=s.IntegerField(), help_text="By metric.")
    inventory = s.DictField(child=s.ListField(child=s.CharField()), help_text="The items by inventory set.")
    challenges = s.DictField(child=AudienceChallengeState(), help_text="By challenge.")


class AudienceMetricChange(s.Serializer[Any]):
    oldValue = s.IntegerField()  # noqa: N815
    newValue = s.IntegerField()  # noqa: N815


class AudienceMilestoneChange(s.Serializer[Any]):
    oldValue = s.CharField(allow_null=True, help_text="A milestone; null: below the first one.")  # noqa: N815
    newValue = s.CharField(allow_null=True)  # noqa: N815


class AudienceItemName(s.Serializer[Any]):
    setId = s.CharField()  # noqa: N815
    itemId = s.CharField()  # noqa: N815


class AudienceInventoryChanges(s.Serializer[Any]):
    received = AudienceItemName(many=True)
    lost = AudienceItemName(many=True)


class AudiencePayload(s.Serializer[Any]):
    challengeId = s.UUIDField(allow_null=True)  # noqa: N815
    missionId = s.UUIDField(allow_null=True)  # noqa: N815
    metricChanges = s.DictField(child=AudienceMetricChange(), help_text="By metric.")  # noqa: N815
    inventoryChanges = AudienceInventoryChanges()  # noqa: N815
    milestoneChanges = s.DictField(child=AudienceMilestoneChange(), help_text="By milestone set.")  # noqa: N815


class AudienceLine(s.Serializer[Any]):
    id = s.CharField()
    timestamp = s.IntegerField(help_text=_MS)
    type = s.ChoiceField(choices=LINES)
    payload = AudiencePayload()


class AudienceNotification(s.Serializer[Any]):
    id = s.CharField(help_text="ach_…")
    timestamp = s.IntegerField(help_text=_MS)
    type = s.ChoiceField(choices=LINES[:2])
    display = s.ChoiceField(choices=Challenge.Display.choices)
    title = s.CharField(allow_null=True)
    message = s.CharField(allow_null=True)
    payload = AudiencePayload()


class AudienceCoupon(s.Serializer[Any]):
    id = s.CharField()
    title = s.CharField()
    link = s.CharField(allow_null=True)
    coupon_id = s.CharField(allow_null=True)
    coupon_type = s.CharField(allow_null=True)
    coupon_code = s.CharField(allow_null=True)
    showOnNotification = s.BooleanField()  # noqa: N815


class _Answered(s.Serializer[Any]):
    message = s.ChoiceField(choices=["OK"])


class AudienceConfigAnswer(_Answered):
    data = AudienceConfig()  # type: ignore[assignment]  # a field of that name, not DRF's property


class AudienceProfileAnswer(_Answered):
    data = AudienceProfile()  # type: ignore[assignment]


class AudienceNotificationsAnswer(_Answered):
    data = AudienceNotification(many=True)  # type: ignore[assignment]


class AudienceHistoryAnswer(_Answered):
    data = AudienceLine(many=True)  # type: ignore[assignment]
    history_from = s.IntegerField(
        required=False, help_text=f"Only where a window is set: nothing from then on is left out. {_MS}"
    )


class AudienceCouponAnswer(_Answered):
    data = AudienceCoupon()  # type: ignore[assignment]
