"""All that events left in an environment, without the ids of rows, so that two tellings can be compared."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from audit.models import AuditEvent
from loyalty.models import (
    Account,
    Event,
    EventCount,
    LedgerEntry,
    Lot,
    LotUse,
    Member,
    MemberTier,
    Referral,
    RuleBudget,
    RuleUsage,
    TierChange,
    TierProgress,
    Uncovered,
)
from programs.models import Environment

_OF_ROWS = {"id", "created_at", "recorded_at", "actor_id", "trace_id", "digest", "digest_salt"}


def photo(environment: Environment) -> dict[str, Any]:
    """By table: what is stored, but rows of nothing used, spent or counted. Entries and lots are named by account
    and place, events by their own id."""
    here = {"environment_id": environment.id}
    names = _Names(environment)
    members = Member.objects.filter(environment=environment)
    entries = LedgerEntry.objects.filter(**here).order_by("account_id", "sequence")
    return {
        "members": sorted(map(repr, members.values_list("external_id", "status"))),
        "events": names.rows(Event.objects.filter(**here).order_by("event_id")),
        "counts": names.set_of(EventCount.objects.filter(**here)),
        "accounts": names.set_of(Account.objects.filter(**here)),
        "entries": [names.row(entry) for entry in entries],
        "lots": names.by_account(Lot.objects.filter(**here).order_by("id")),
        "uses": names.by_account(LotUse.objects.filter(**here).order_by("id")),
        "uncovered": names.by_account(Uncovered.objects.filter(**here).order_by("id")),
        "usage": names.set_of(RuleUsage.objects.filter(**here).exclude(points=0, times=0)),
        "budgets": names.set_of(RuleBudget.objects.filter(**here, spent__gt=0)),
        "levels": names.set_of(MemberTier.objects.filter(**here)),
        "progress": names.set_of(TierProgress.objects.filter(**here).exclude(figure=0)),
        "changes": names.by_member(TierChange.objects.filter(**here).order_by("id")),
        "referrals": names.set_of(Referral.objects.filter(**here)),
        "audited": _audited(environment),
    }


def _audited(environment: Environment) -> dict[str, int]:
    """How often each thing was audited; what it says is said by the rows themselves."""
    counts: dict[str, int] = defaultdict(int)
    for verb in AuditEvent.objects.filter(environment_id=environment.id).values_list("verb", flat=True):
        counts[verb] += 1
    return dict(counts)


class _Names:
    """Every id that a row may hold, and what it stands for."""

    def __init__(self, environment: Environment) -> None:
        here = {"environment_id": environment.id}
        members = Member.objects.filter(environment=environment).values_list("pk", "external_id")
        self.of: dict[UUID, str] = {pk: f"member {name}" for pk, name in members}
        self.of |= {
            pk: f"event {name}" for pk, name in Event.objects.filter(**here).values_list("pk", "event_id")
        }
        accounts = Account.objects.filter(**here).values_list("pk", "member_id", "metric__code")
        self.of |= {pk: f"{self.of[member_id]}, {code}" for pk, member_id, code in accounts}
        entries = LedgerEntry.objects.filter(**here).values_list("pk", "account_id", "sequence")
        self.of |= {pk: f"{self.of[account_id]}, {sequence}" for pk, account_id, sequence in entries}
        numbers: dict[UUID, int] = defaultdict(int)
        lots = Lot.objects.filter(**here).order_by("id").values_list("pk", "account_id")
        for pk, account_id in lots:
            numbers[account_id] += 1
            self.of[pk] = f"{self.of[account_id]}, lot {numbers[account_id]}"

    def row(self, row: Any) -> dict[str, Any]:
        values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
        return {name: self._plain(value) for name, value in values.items() if name not in _OF_ROWS}

    def rows(self, rows: Any) -> list[dict[str, Any]]:
        return [self.row(row) for row in rows]

    def set_of(self, rows: Any) -> list[str]:
        return sorted(repr(self.row(row)) for row in rows)

    def by_account(self, rows: Any) -> dict[str, list[dict[str, Any]]]:
        return self._by(rows, "account_id")

    def by_member(self, rows: Any) -> dict[str, list[dict[str, Any]]]:
        return self._by(rows, "member_id")

    def _by(self, rows: Any, name: str) -> dict[str, list[dict[str, Any]]]:
        found = defaultdict(list)
        for row in rows:
            found[str(self._plain(getattr(row, name)))].append(self.row(row))
        return dict(found)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, UUID):
            return self.of.get(value, value)
        return str(value) if hasattr(value, "tzinfo") else value
