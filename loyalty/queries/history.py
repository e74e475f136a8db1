"""Ledger entries in the order of the ledger."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Case, OuterRef, QuerySet, Subquery, When

from audit.errors import NotFound
from loyalty.models import Account, LedgerEntry, Lot, Member, Uncovered, member_key
from loyalty.queries.windows import ENTRY, Windows, check_shown, windows_of, within
from programs.models import Environment, Metric

_SHORT = (LedgerEntry.Type.REVERSED, LedgerEntry.Type.TRANSFERRED)
_LATEST = 10  # on the console's first page


def history_of(*, member_id: UUID, metric: Metric, since: datetime | None = None) -> QuerySet[LedgerEntry]:
    """The entries of one account, those that happened from `since` on; keyset by `sequence`."""
    account = Account.objects.filter(member_id=member_id, metric=metric).values("id")[:1]
    rows = LedgerEntry.objects.filter(account_id=account)
    return _with_causes(rows.filter(occurred_at__gte=since) if since else rows)


def transactions_of(environment: Environment, windows: Windows | None = None) -> QuerySet[LedgerEntry]:
    """The entries of an environment that these windows show, with their member and metric; keyset by `id`."""
    rows = within(LedgerEntry.objects.filter(environment_id=environment.id), windows, ENTRY)
    return _with_causes(rows.select_related("member", "account__metric"))


def latest_activity(*, environment: Environment) -> list[LedgerEntry]:
    """The newest entries of an environment that its plan shows, as they were recorded."""
    return list(transactions_of(environment, windows_of(environment)).order_by("-id")[:_LATEST])


def find_shown_transaction(*, environment: Environment, entry: UUID, now: datetime) -> LedgerEntry:
    """`find_transaction`; NotFound also for what is older than the history that is shown."""
    found = find_transaction(environment=environment, entry=entry)
    check_shown(windows_of(environment, now), found.account.metric.program_id, found.occurred_at)
    return found


def find_transaction(*, environment: Environment, entry: UUID) -> LedgerEntry:
    """One entry, as lists have it; one statement. Raises NotFound; also for another environment's."""
    found = transactions_of(environment).filter(id=entry).first()
    if found is None:
        raise NotFound("There is no such transaction in this environment.")
    return found


def entries_of_lots(lot_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """By lot: the entry that put it in. One statement."""
    return dict(Lot.objects.filter(pk__in=list(lot_ids)).order_by().values_list("pk", "entry_id"))


def names_of(member_ids: Iterable[UUID]) -> dict[UUID, str | None]:
    """The external ids of members by their keys; of an erased one None. One statement."""
    return dict(Member.objects.filter(pk__in=set(member_ids)).order_by().values_list("pk", "external_id"))


def owner_name(*, environment: Environment, member_id: UUID, named: str) -> str | None:
    """The external id of a row's owner, whom the caller named `named`: after a merge it is another's.

    No statement where it is that name's own key, else one.
    """
    if member_id == member_key(environment.namespace, named):
        return named
    return names_of([member_id]).get(member_id)


def _with_causes(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """With the event, `counterpart_name` (of a transfer: whom it was with) and `shortfall_points`."""
    # The payload may be 32 KiB a row; the event's name is all that a history shows.
    counterpart = Member.objects.filter(pk=OuterRef("counterpart_member_id")).values("external_id")[:1]
    shortfall = Uncovered.objects.filter(entry=OuterRef("pk"), kind=Uncovered.Kind.SHORTFALL)
    return (
        rows.select_related("event")
        .defer("event__data", "event__explanation")
        .annotate(
            counterpart_name=Subquery(counterpart),
            # Looked up for the few types alone that can have one.
            shortfall_points=Case(When(type__in=_SHORT, then=Subquery(shortfall.values("points")[:1]))),
        )
    )
