"""What a reversal did, as /v1 shows it: of a transaction, and of a captured hold."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.common.rendering import instant
from loyalty.api.v1 import rendering
from loyalty.ledger.reversals import Reversal
from loyalty.models import LedgerEntry, LotUse
from loyalty.queries.history import names_of


def reversal(found: Reversal) -> dict[str, Any]:
    """The reversed transaction, and lot by lot what it took or gave back. Of a merged customer it takes
    one statement, for the names."""
    member = found.original.member
    names = {member.pk: member.external_id}
    if any(entry.member_id != member.pk for entry in found.entries):
        names = names_of(entry.member_id for entry in found.entries)
    metric = found.entry.account.metric.code
    own = [use for use in found.uses if use.entry_id == found.entry.id]
    return rendering.transaction(
        found.entry, names.get(found.entry.member_id), metric, shortfall=found.shortfall
    ) | {
        "taken": _pieces(use for use in own if use.points > 0),
        "given_back": _pieces(use for use in own if use.points < 0),
        "already_expired": found.already_expired,
        "debt": found.debt,
        "reversible": found.left,
        "caused": [
            _caused(found, entry, names, metric) for entry in found.entries if entry.id != found.entry.id
        ],
        "points_balance": found.balance_after,
    }


def _caused(
    found: Reversal, entry: LedgerEntry, names: dict[UUID, str | None], metric: str
) -> dict[str, Any]:
    other = names.get(entry.counterpart_member_id) if entry.counterpart_member_id else None
    # Of a merged customer: a transfer of no points carries the shortfall to the survivor.
    carries = entry.points == 0 and entry.member_id != found.entry.member_id
    return rendering.transaction(
        entry,
        names.get(entry.member_id),
        metric,
        counterpart=other,
        shortfall=found.shortfall if carries else None,
    )


def _pieces(uses: Iterable[LotUse]) -> list[dict[str, Any]]:
    return [
        {
            "transaction_id": public("txn", use.lot.entry_id),
            "points": abs(use.points),
            "earned_at": instant(use.lot.earned_at),
            "available_at": instant(use.lot.available_at),
            "expires_at": instant(use.lot.expires_at),
        }
        for use in uses
    ]
