"""Stamp cards with their stamps and rewards, chunk by chunk (docs/checks.md)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from loyalty.ledger.checks.catalogue import branches, checks_in
from loyalty.ledger.checks.hits import read_hits
from loyalty.ledger.checks.violation import Violation
from loyalty.models import StampCollection
from programs.currencies import digits_of
from programs.models import Environment, StampProgram

CARDS = checks_in("stamps")
CARDS_A_CHUNK = 2_000
_NO_ID = UUID(int=0)
_STATEMENT = f"""
{(Path(__file__).parent / "cards.sql").read_text()}
SELECT hit.number, hit.kind, hit.id, hit.expected, hit.found, hit.hits,
    card.environment_id, card.member_id, card.external_id
FROM (
SELECT -1 AS number, NULL AS kind, NULL::uuid AS id, NULL::uuid AS owner_id,
    (SELECT count(*) FROM cards)::text AS expected, (SELECT count(*) FROM stamps)::text AS found, 0::bigint AS hits
UNION ALL
{branches(CARDS)}
) AS hit
LEFT JOIN cards AS card ON card.id = hit.owner_id
WHERE hit.number < 0 OR card.id IS NOT NULL
ORDER BY hit.number
"""  # noqa: S608 - made of this package's own files


def card_chunks(environment: Environment | None, member_id: UUID | None) -> Iterator[list[UUID]]:
    """The cards of one member, of one environment, or all, in the order of their ids. None is ever removed."""
    cards = StampCollection.objects.order_by("id")
    if member_id:
        cards = cards.filter(member_id=member_id)
    elif environment:
        cards = cards.filter(environment_id=environment.id)
    after = _NO_ID
    while chunk := list(cards.filter(id__gt=after).values_list("id", flat=True)[:CARDS_A_CHUNK]):
        yield chunk
        after = chunk[-1]


class SeenCards(NamedTuple):
    """What is wrong with a chunk's cards, how many more rows a check has than are told, and what was read."""

    found: list[Violation]
    left_out: dict[str, int]
    cards: int
    stamps: int


def inspect_cards(chunk: list[UUID]) -> SeenCards:
    """Read these cards with their stamps and rewards; two statements."""
    currencies = StampProgram.objects.values_list("currency", flat=True).distinct().order_by()
    digits = json.dumps({currency: digits_of(currency) for currency in currencies})
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"cards": chunk, "digits": digits})
        _number, _table, _id, cards, stamps, *_rest = cursor.fetchone()
        found, left_out = read_hits(CARDS, cursor)
    return SeenCards(found, left_out, int(cards), int(stamps))
