"""A desk that sells rewards, and what is stored of that."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.errors import DomainError, InvalidRequest
from audit.models import AuditEvent
from loyalty.actions.catalogue import UNCHANGED, Stock, save_reward
from loyalty.actions.codes import Added, add_codes
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.redemptions import redeem
from loyalty.actions.tills import use_code
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import (
    Account,
    Hold,
    IdempotencyRecord,
    ItemChange,
    LedgerEntry,
    LotUse,
    Member,
    MemberItem,
    MemberTier,
    Redemption,
    RewardCode,
    RewardStock,
)
from loyalty.queries.rewards import Offered, catalogue
from programs.actions.configure import configure
from programs.models import InventoryItem, InventorySet, Metric, Program, Reward, Tier, TierLadder
from tests.factories import make_actor, make_ladder, reload
from tests.loyalty.earning.desk import TABLES, Desk
from tests.loyalty.ledger.till import day

STORED: tuple[Any, ...] = (
    *TABLES,
    AuditEvent,
    Hold,
    IdempotencyRecord,
    ItemChange,
    LotUse,
    Member,
    MemberItem,
    Redemption,
    Reward,
    RewardCode,
    RewardStock,
)


class Shop(Desk):
    """Rewards cost 100 points and are a discount of £10, active and without limits, unless told otherwise."""

    def reward(self, kind: str = "discount", *, stock: Stock = UNCHANGED, **changes: Any) -> Reward:
        usual: dict[str, Any] = {"kind": kind, "name": f"A {kind}", "points": 100, "status": "active"}
        if kind == "discount" and changes.get("cost_kind") != "variable":
            usual |= {"discount_amount": Decimal("10.00"), "currency": "GBP"}
        if changes.get("code_source") == "generated":
            usual |= {"code_pattern": "REDEEM-########"}
        new = Reward(environment=self.environment, program=self.program(), metric=self.metric("points"))
        return self.save(new, stock=stock, **usual | changes)

    def choosing(self, low: int, high: int, step: int, rate: str, **changes: Any) -> Reward:
        """A discount in GBP of a cost that the caller chooses."""
        bounds = {"min_points": low, "max_points": high, "step_points": step}
        usual = {"currency": "GBP", "value_per_point": Decimal(rate), "cost_kind": "variable"}
        return self.reward(**{**bounds, **usual, **changes})

    def save(self, reward: Reward, *, stock: Stock = UNCHANGED, **changes: Any) -> Reward:
        return save_reward(
            environment=reload(self.environment),
            reward=reward,
            actor=make_actor(),
            changes=changes,
            stock=stock,
        )

    def pool(self, *codes: str, **changes: Any) -> Reward:
        """A reward with these codes in its pool."""
        reward = self.reward(code_source="pool", **changes)
        self.add(reward, *codes)
        return reward

    def add(self, reward: Reward, *codes: str) -> Added:
        return self.do(add_codes, reward=reward, codes=codes)

    def redeem(self, reward: Reward, member: str = "ada", **options: Any) -> Redemption:
        return self.do(redeem, member=member, reward=reward.public_id, **options)

    def undo(self, redemption: Redemption, reason: str | None = "Changed her mind") -> Redemption:
        return self.do(cancel, redemption=redemption.pk, reason=reason)

    def fail(self, redemption: Redemption, reason: str = "Sold out") -> Redemption:
        return self.do(fail, redemption=redemption.pk, reason=reason)

    def fulfil(self, redemption: Redemption, **options: Any) -> Redemption:
        return self.do(fulfil, redemption=redemption.pk, **options)

    def use(self, code: str, place: str | None = "Till 1") -> Redemption:
        return self.do(use_code, code=code, place=place)

    # -- what else is configured

    def ladder(self, **changes: Any) -> TierLadder:
        """Silver from 100 points in thirty days, gold from 300."""
        return make_ladder(self.environment, ("silver", "100"), ("gold", "300"), **{"days": 30, **changes})

    def program(self) -> Program:
        return Program.objects.get(environment=self.environment, code="default")

    def metric(self, code: str) -> Metric:
        return Metric.objects.get(environment=self.environment, code=code)

    def tier(self, code: str) -> Tier:
        return Tier.objects.get(environment=self.environment, code=code)

    def item(self, title: str = "Badge") -> InventoryItem:
        owner = InventorySet.objects.create(
            environment=self.environment, program=self.program(), title="Badges"
        )
        return InventoryItem.objects.create(environment=self.environment, inventory_set=owner, title=title)

    def change(self, instance: Any, **changes: Any) -> Any:
        """Configure something that is stored."""
        return configure(
            environment=reload(self.environment), instance=instance, actor=make_actor(), changes=changes
        )

    def keep(self, owner: InventorySet, *items: InventoryItem) -> InventorySet:
        """Let the set have these items and no others."""
        return save_inventory_set(
            environment=reload(self.environment),
            inventory_set=owner,
            actor=make_actor(),
            changes={},
            items=[{"id": each.public_id, "title": each.title, "media": each.media} for each in items],
        )

    # -- what is stored

    def account(self, member: str = "ada", metric: str = "points") -> Account:
        return Account.objects.get(member=self.key(member), metric__code=metric)

    def stored(self, redemption: Redemption) -> Redemption:
        return Redemption.objects.select_related("code").get(pk=redemption.pk)

    def status(self, redemption: Redemption) -> str:
        return self.stored(redemption).status

    def code(self, redemption: Redemption) -> RewardCode:
        return RewardCode.objects.get(redemption=redemption)

    def codes(self, reward: Reward) -> dict[str | None, str]:
        """Status by code."""
        return dict(RewardCode.objects.filter(reward=reward).values_list("code", "status"))

    def taken(self, reward: Reward) -> int:
        return RewardStock.objects.get(reward=reward).taken

    def quantity(self, item: InventoryItem, member: str = "ada") -> int:
        found = MemberItem.objects.filter(member=self.key(member), item=item).first()
        return found.quantity if found else 0

    def levels(self, member: str = "ada") -> list[tuple[str | None, datetime]]:
        """The level that is stored, and since when."""
        rows = MemberTier.objects.filter(member=self.key(member))
        return list(rows.values_list("tier__code", "since"))

    def of(self, redemption: Redemption) -> list[tuple[str, str, int]]:
        """Type, metric and points of its entries, oldest first."""
        rows = LedgerEntry.objects.filter(redemption_id=redemption.pk).order_by("recorded_at", "id")
        return list(rows.values_list("type", "account__metric__code", "points"))

    def offered(self, reward: Reward, member: str = "ada") -> Offered:
        """As the member sees it today."""
        (found,) = catalogue(
            environment=reload(self.environment), member=member, now=day(self.today), rewards=[reward]
        )
        return found

    def reasons(self, reward: Reward, member: str = "ada") -> list[str]:
        return [refusal.code for refusal in self.offered(reward, member).refusals]

    def audited(self, *verbs: str) -> list[AuditEvent]:
        """Events of these verbs, oldest first."""
        rows = AuditEvent.objects.filter(environment_id=self.environment.id, verb__in=verbs)
        return list(rows.order_by("recorded_at", "id"))

    def everything(self) -> list[Any]:
        """Every row that an action of this engine may write, as text; one statement."""
        parts = " UNION ALL ".join(
            f"SELECT '{name}', string_agg(stored::text, E'\\n' ORDER BY id) FROM {name} AS stored"
            f" WHERE environment_id = %(environment)s"
            for name in sorted(table._meta.db_table for table in STORED)
        )
        with connection.cursor() as cursor:
            cursor.execute(parts, {"environment": self.environment.pk})
            return list(cursor.fetchall())

    @contextmanager
    def refused(self, error: type[DomainError], **data: Any) -> Iterator[Any]:
        """The block is refused with this error and data, and changes nothing."""
        before = self.everything()
        with pytest.raises(error) as caught:
            yield caught
        assert self.everything() == before
        assert type(caught.value) is error
        assert {name: caught.value.data.get(name) for name in data} == data

    @contextmanager
    def fault(self, *fields: str) -> Iterator[Any]:
        """The block is refused as invalid, naming these fields, and changes nothing."""
        with self.refused(InvalidRequest) as caught:
            yield caught
        assert sorted(error.field for error in caught.value.errors) == sorted(fields)


def key(name: str, fingerprint: bytes = b"1" * 32) -> Idempotency:
    """A caller's idempotency key; its answer names the redemption."""
    return Idempotency("tests", name, fingerprint, lambda row: (201, f'{{"id": "{row.pk}"}}'))
