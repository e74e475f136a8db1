"""Which codes there are already."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from loyalty.ledger.pools import PIECE

_KNOWN = "SELECT code FROM loyalty_rewardcode WHERE environment_id = %s AND code = ANY(%s::text[])"


def known_codes(*, environment_id: UUID, codes: Sequence[str]) -> set[str]:
    """Those of these canonical codes that the environment has, of whichever reward and status; one statement
    for 10,000."""
    known: set[str] = set()
    with connection.cursor() as cursor:
        for start in range(0, len(codes), PIECE):
            cursor.execute(_KNOWN, [environment_id, list(codes[start : start + PIECE])])
            known.update(code for (code,) in cursor.fetchall())
    return known
