"""An award and a spend, statement by statement."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework.exceptions import ValidationError

from audit.record import Actor, Place, record
from loyalty.models import Account, IdempotencyRecord, LedgerEntry, Lot, LotUse, Member, member_key
from programs.models import ApiKey, Metric


class Posting:
    """One write: the rows that it needs, then the rows that it makes."""

    def __init__(self, key: ApiKey, given: dict[str, Any]) -> None:
        self.given = given
        self.environment = key.environment
        self.now = timezone.now()
        self.actor = Actor("api_key", key.prefix, "yardstick", "127.0.0.1")
        self.metric = Metric.objects.get(environment=self.environment, code=given["metric"])
        self.member, _ = Member.objects.get_or_create(
            id=member_key(self.environment.namespace, given["customer_id"]),
            defaults={
                "environment": self.environment,
                "external_id": given["customer_id"],
                "created_at": self.now,
            },
        )
        self.account, _ = Account.objects.select_for_update().get_or_create(
            member=self.member, metric=self.metric, defaults={"environment_id": self.environment.id}
        )
        self.account.metric = self.metric  # spares the serializer a statement

    def award(self) -> LedgerEntry:
        points = self.given["points"]
        self.account.earned += points
        entry = self._entry("earned", points)
        Lot.objects.create(
            **self._common(),
            entry=entry,
            points=points,
            remaining=points,
            earned_at=self.now,
            available_at=self.now,
            expires_at=self.given.get("expires_at"),
        )
        return entry

    def spend(self) -> LedgerEntry:
        left = self.given["points"]
        if left > self.account.balance:
            raise ValidationError({"points": "Insufficient balance."})
        self.account.redeemed += left
        entry = self._entry("redeemed", -left)
        for lot in self.account.lots.filter(remaining__gt=0, pending=False):
            taken = min(left, lot.remaining)
            lot.remaining -= taken
            lot.save()
            LotUse.objects.create(**self._common(), lot=lot, entry=entry, points=taken, occurred_at=self.now)
            left -= taken
            if left == 0:
                break
        return entry

    def answered(self, key: str, answer: Callable[[], str]) -> None:
        IdempotencyRecord.objects.create(
            environment_id=self.environment.id,
            member_id=self.member.id,
            key=key,
            fingerprint=b"yardstick",
            status=201,
            answer=answer(),
            created_at=self.now,
        )

    def _entry(self, kind: str, points: int) -> LedgerEntry:
        self.account.total += points
        self.account.sequence += 1
        self.account.settled_at = self.now
        self.account.save()
        entry = LedgerEntry.objects.create(
            **self._common(),
            sequence=self.account.sequence,
            type=kind,
            points=points,
            balance_after=self.account.total,
            reason=self.given.get("reason"),
            metadata=self.given.get("metadata"),
            occurred_at=self.now,
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            trace_id=self.actor.trace_id,
            digest=b"yardstick",
        )
        record(
            place=Place(environment_id=self.environment.id, project_id=self.environment.project_id),
            actor=self.actor,
            verb=f"points.{kind}",
            object_type="ledgerentry",
            object_id=str(entry.id),
            before={"total": self.account.total - points},
            after={"points": points, "total": self.account.total, "reason": entry.reason},
            member_id=self.member.id,
        )
        return entry

    def _common(self) -> dict[str, Any]:
        return {
            "environment_id": self.environment.id,
            "member": self.member,
            "account": self.account,
            "recorded_at": self.now,
        }
