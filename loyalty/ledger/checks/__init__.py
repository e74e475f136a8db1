"""Every invariant of the ledger (domain.md 3.8), verified on the stored columns. Reads only.

    for violation in violations(environment=environment): …

A check is one entry in a .sql file of this package: name, sentence, SELECT. docs/checks.md tells more.
"""

from collections.abc import Iterator
from uuid import UUID

from loyalty.ledger.checks.cards import CARDS
from loyalty.ledger.checks.catalogue import CHECKS, Check
from loyalty.ledger.checks.challenges import CHALLENGES
from loyalty.ledger.checks.digests import DIGEST
from loyalty.ledger.checks.environments import WHOLE
from loyalty.ledger.checks.inspection import Inspection
from loyalty.ledger.checks.violation import Violation
from programs.models import Environment

__all__ = [
    "CARDS",
    "CHALLENGES",
    "CHECKS",
    "DIGEST",
    "WHOLE",
    "Check",
    "Inspection",
    "Violation",
    "violations",
]


def violations(
    *, environment: Environment | None = None, member_id: UUID | None = None
) -> Iterator[Violation]:
    """What is wrong with one member's accounts, cards and challenges, with one environment's, or with any; nothing, if
    all is well.

    Inside a transaction it sees what that transaction sees; else each chunk of accounts is read in a
    snapshot of its own. Of one check at most 1,000 rows a chunk; `Inspection.left_out` counts the others.
    """
    return Inspection(environment=environment, member_id=member_id).violations()
