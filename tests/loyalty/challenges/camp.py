"""A camp whose members visit and buy, and what is stored of what they did for challenges."""

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from loyalty.actions.challenge_edits import settle_edited
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Run
from loyalty.ledger.checks import violations
from loyalty.models import Achievement, ItemChange, MemberItem, MissionProgress
from loyalty.queries.events import RecordedEvent
from programs.actions.challenges import save_challenge
from programs.models import Challenge, Environment, InventoryItem, InventorySet, Metric, Program
from tests.factories import make_actor, make_challenge, reload
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day


class Camp(Desk):
    """Visits are numbered: `ada-1`, `ada-2`, …"""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._numbers = count(1)

    def challenge(self, **options: Any) -> Challenge:
        return make_challenge(reload(self.environment), **options)

    def edit(
        self,
        challenge: Challenge,
        missions: Sequence[tuple[str, dict[str, Any]]] | None = None,
        **changes: Any,
    ) -> Challenge:
        """Change a challenge; of the missions those that are named stay, with these changes."""
        stored = Challenge.objects.get(pk=challenge.pk)
        kept = {mission.title: mission for mission in stored.missions.filter(removed_at=None)}
        wanted = None
        if missions is not None:
            names = ("title", "type", "event_type", "condition", "measure", "field", "target")
            told = ("notification_display", "notification_title", "notification_message")
            wanted = [
                {name: getattr(kept[title], name) for name in (*names, *told)}
                | {"id": str(kept[title].public_id), **change}
                for title, change in missions
            ]
        return save_challenge(
            environment=reload(self.environment),
            challenge=stored,
            actor=make_actor(),
            now=day(self.today),
            changes=changes,
            missions=wanted,
            rewards=None,
        )

    def visit(
        self, member: str = "ada", times: int = 1, event_type: str = "visit", **options: Any
    ) -> list[RecordedEvent]:
        return [
            self.buy(f"{member}-{next(self._numbers)}", None, member, event_type=event_type, **options)
            for _ in range(times)
        ]

    def settle(self, pace: Pace | None = None) -> Run:
        return settle_edited(actor=make_actor(), now=day(self.today), pace=pace or Pace(rest=0))

    def points(self, quantity: int, metric: str = "points") -> dict[str, Any]:
        """A reward."""
        unit = Metric.objects.get(environment=self.environment, code=metric)
        return {"kind": "metric", "metric": unit, "quantity": quantity}

    def prize(self, title: str = "Badge") -> dict[str, Any]:
        """A reward."""
        here = self.environment
        program = Program.objects.get(environment=here, code="default")
        group, _ = InventorySet.objects.get_or_create(environment=here, program=program, title="Wall")
        item, _ = InventoryItem.objects.get_or_create(environment=here, inventory_set=group, title=title)
        return {"kind": "inventory_item", "item": item}

    # -- what is stored

    def progress_of(self, member: str = "ada") -> dict[tuple[str, str], int]:
        """By mission and period."""
        rows = MissionProgress.objects.filter(member=self.key(member)).select_related("mission")
        return {(row.mission.title, row.period): int(row.progress) for row in rows}

    def achievements(self, member: str = "ada", **which: Any) -> list[Achievement]:
        """The oldest first."""
        rows = Achievement.objects.filter(member=self.key(member), **which)
        return list(rows.select_related("mission", "challenge").order_by("id"))

    def live(self, member: str = "ada") -> list[str]:
        """The titles of what the member has achieved, in order."""
        return [title_of(row) for row in self.achievements(member, revoked_at=None)]

    def items_of(self, member: str = "ada") -> dict[str, int]:
        rows = MemberItem.objects.filter(member=self.key(member), quantity__gt=0).select_related("item")
        return {row.item.title: row.quantity for row in rows}

    def changes_of(self, member: str = "ada") -> list[tuple[str, int, UUID | None]]:
        """Item, quantity and achievement, the oldest first."""
        rows = ItemChange.objects.filter(member=self.key(member)).select_related("item").order_by("id")
        return [(row.item.title, row.quantity, row.achievement_id) for row in rows]

    def audited(self) -> Counter[str]:
        """How often each thing of challenges was audited."""
        rows = AuditEvent.objects.filter(environment_id=self.environment.id)
        verbs = rows.values_list("verb", flat=True)
        return Counter(verb for verb in verbs if verb.split(".")[0] in ("mission", "challenge", "milestone"))

    def everything(self) -> list[Any]:
        here = self.environment.id
        tables = (MissionProgress, Achievement, MemberItem, ItemChange)
        rows = [list(table.objects.filter(environment_id=here).order_by("pk").values()) for table in tables]
        return [*super().everything(), *rows, self.audited()]


def title_of(row: Achievement) -> str:
    return row.mission.title if row.mission else row.challenge.title


def assert_sound(camp: Camp) -> None:
    """What `check_ledger` finds in the whole environment: nothing."""
    assert [str(found) for found in violations(environment=camp.environment)] == []
