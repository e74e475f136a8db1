"""What a ledger entry counts as, and which entries the roll-ups hold: SQL that is used by all who add them up.

The audit trail has one row for each entry, and a position in it that everything final stands before
(audit/positions.py). The roll-ups hold the entries whose rows stand up to the stored position; with those named by the
rows behind it, final or not, a read of one statement has every entry that there is, once.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit.positions import Position
from programs.models import Environment

FIGURES = (
    "issued",
    "redeemed",
    "expired",
    "adjusted",
    "transferred",
    "reversed_issued",
    "reversed_redeemed",
    "reversed_adjusted",
)
"""What a day's points are told apart by. What reverses a shortfall that a merge brought along took back what was issued
to the member who was merged."""

ENTRIES = """
SELECT entry.id, entry.environment_id, account.metric_id, entry.member_id, entry.occurred_at, entry.points,
    CASE WHEN entry.type IN ('earned', 'bonus') THEN 'issued'
        WHEN entry.type <> 'reversed' THEN entry.type
        WHEN coalesce(root.type, original.type) IN ('redeemed', 'adjusted')
            THEN 'reversed_' || coalesce(root.type, original.type)
        ELSE 'reversed_issued' END AS figure,
    -- An expiry is nobody's doing; what an account begins with is nothing that has just happened.
    entry.type <> 'expired' AND (entry.origin IS NULL
        OR NOT (entry.origin = 'opening' OR starts_with(entry.origin, 'opening_balance:'))) AS is_activity
FROM loyalty_ledgerentry AS entry
JOIN loyalty_account AS account ON account.id = entry.account_id
LEFT JOIN loyalty_ledgerentry AS original ON original.id = entry.reverses_id
LEFT JOIN loyalty_ledgerentry AS root ON original.type = 'reversed' AND root.id = original.reverses_id
"""
SUMS = ", ".join(f"coalesce(sum(points) FILTER (WHERE figure = '{name}'), 0) AS {name}" for name in FIGURES)

# The entry that a row of the trail tells of. NULL: it tells of something else, or nobody of ours wrote it.
TOLD = """
CASE WHEN row.object_type = 'ledgerentry' AND starts_with(row.verb, 'points.')
    AND row.object_id ~ '^txn_[0-9a-f]{32}$' THEN substr(row.object_id, 5)::uuid END
"""
# Those behind the stored position. `from_…` is a position that was read before: no later than it, and known to
# whoever plans the statement.
BEHIND = f"""
SELECT {TOLD} AS entry_id FROM (
    SELECT * FROM audit_auditevent
    WHERE epoch = %(from_epoch)s AND transaction >= %(from_transaction)s::text::xid8
        AND environment_id = %(environment)s
    UNION ALL
    SELECT * FROM audit_auditevent WHERE epoch > %(from_epoch)s AND environment_id = %(environment)s
) AS row
WHERE (row.epoch, row.transaction, row.id) > (SELECT epoch, transaction, event_id FROM loyalty_rollupposition)
"""  # noqa: S608 - no text of a caller's
# Looked up by their keys, one by one: they are few, and joined all at once the ledger would be read for them.
NOT_ROLLED = f"""
SELECT entry.*, (entry.occurred_at AT TIME ZONE %(time_zone)s)::date AS day
FROM ({BEHIND} OFFSET 0) AS told CROSS JOIN LATERAL ({ENTRIES} WHERE entry.id = told.entry_id OFFSET 0) AS entry
"""  # noqa: S608
OF_THE_LEDGER = f"""
SELECT entry.*, (entry.occurred_at AT TIME ZONE %(time_zone)s)::date AS day
FROM ({ENTRIES} WHERE entry.environment_id = %(environment)s) AS entry
"""  # noqa: S608

_PLACE = """
SELECT position.epoch, position.transaction::text::bigint, position.event_id, zone.time_zone
FROM loyalty_rollupposition AS position
LEFT JOIN loyalty_rollupzone AS zone ON zone.environment_id = %s
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a read of an environment finds its entries. `is_rolled`: the roll-ups hold those up to the position. Where
    they hold none yet, or days of a zone that the project has no more, all are taken from the ledger: to look up every
    one by the trail would take ten times as long."""

    environment: Environment
    position: Position
    is_rolled: bool

    @property
    def entries(self) -> str:
        """Selects the entries that no roll-up holds."""
        return NOT_ROLLED if self.is_rolled else OF_THE_LEDGER

    def rolled(self, select: str) -> str:
        """`select`, of the roll-ups: nothing where they can't be used."""
        return select if self.is_rolled else f"{select} AND false"

    def parameters(self, **more: Any) -> dict[str, Any]:
        """What the statements need."""
        return {
            "environment": self.environment.pk,
            "time_zone": self.environment.project.time_zone,
            "from_epoch": self.position.epoch,
            "from_transaction": str(self.position.transaction),
            **more,
        }


def source_of(environment: Environment) -> Source:
    """How its entries are found now; one statement. What is read by it later is right all the same: the position only
    goes on, and where it stands is read anew."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [environment.pk])
        epoch, transaction, key, time_zone = cursor.fetchone()
    is_rolled = time_zone == environment.project.time_zone
    return Source(environment, Position(epoch, transaction, key), is_rolled)
