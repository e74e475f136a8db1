from typing import Any

from rest_framework import serializers

from loyalty.models import Account, LedgerEntry, Lot


class PostingSerializer(serializers.Serializer[Any]):
    customer_id = serializers.CharField(max_length=200)
    points = serializers.IntegerField(min_value=1, max_value=10**12)
    reason = serializers.CharField(max_length=500, required=False)
    metadata = serializers.JSONField(required=False)
    expires_at = serializers.DateTimeField(required=False)
    metric = serializers.CharField(max_length=50, default="points")


class EntrySerializer(serializers.ModelSerializer[LedgerEntry]):
    customer_id = serializers.CharField(source="member.external_id")
    metric = serializers.CharField(source="account.metric.code")
    event_id = serializers.CharField(source="event.event_id", default=None)

    class Meta:
        model = LedgerEntry
        fields = [
            "id",
            "type",
            "points",
            "balance_after",
            "reason",
            "metadata",
            "recorded_at",
            "occurred_at",
            "customer_id",
            "metric",
            "sequence",
            "event_id",
            "reverses_id",
            "actor_kind",
            "actor_id",
            "trace_id",
        ]


class LotSerializer(serializers.ModelSerializer[Lot]):
    class Meta:
        model = Lot
        fields = ["remaining", "expires_at"]


class AccountSerializer(serializers.ModelSerializer[Account]):
    metric = serializers.CharField(source="metric.code")
    balance = serializers.IntegerField()
    lots = serializers.SerializerMethodField()

    class Meta:
        model = Account
        fields = ["metric", "balance", "total", "pending", "held", "earned", "redeemed", "expired", "lots"]

    def get_lots(self, account: Account) -> Any:
        dated = account.lots.filter(remaining__gt=0, expires_at__isnull=False)
        return LotSerializer(dated[:12], many=True).data
