"""A walk through the accounts, chunk by chunk, then through the stamp cards, through what members achieved, and through
what all of them share."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from uuid import UUID

from django.db import connection

from loyalty.ledger.checks.cards import card_chunks, inspect_cards
from loyalty.ledger.checks.catalogue import CHECKS, ROWS_A_CHECK, statement
from loyalty.ledger.checks.challenges import inspect_members, member_chunks
from loyalty.ledger.checks.chunk import chunk_state
from loyalty.ledger.checks.digests import DIGEST, changed_entries
from loyalty.ledger.checks.environments import WHOLE, environments_of, wrong_in
from loyalty.ledger.checks.hits import read_hits
from loyalty.ledger.checks.violation import Violation
from loyalty.models import Account, LedgerEntry, Member
from programs.models import Environment

_STATEMENT = statement()
_NO_ID = UUID(int=0)


@dataclass(slots=True)
class Inspection:
    """One run over the accounts, stamp cards and challenges of a member, of an environment, or of all; it counts what
    it saw.

    A chunk is read in one snapshot, and no snapshot lives longer: every invariant is within an account,
    or between two rows that one transaction wrote. An account is never split, so one with more entries
    than a chunk is a chunk of its own. `progress` is called after each.
    """

    environment: Environment | None = None
    member_id: UUID | None = None
    digests: bool = True
    progress: Callable[["Inspection"], None] | None = None
    entries_a_chunk: int = 20_000
    accounts_a_chunk: int = 2_000
    accounts: int = 0
    entries: int = 0
    lots: int = 0
    stamp_cards: int = 0
    stamps: int = 0
    achievements: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def violations(self) -> Iterator[Violation]:
        """All of them, by chunk. Outside a transaction none is open while the caller looks at one."""
        after = _NO_ID
        while True:
            with chunk_state():
                chunk = self._chunk(after)
                found = self._inspect(chunk) if chunk else []
            yield from found
            if not chunk:
                break
            if self.progress:
                self.progress(self)
            after = chunk[-1]
        yield from self._cards()
        yield from self._members()
        if not self.member_id:
            yield from self._whole()

    def _cards(self) -> Iterator[Violation]:
        """Stamp cards, in chunks of their own: who has one may have no account."""
        for chunk in card_chunks(self.environment, self.member_id):
            with chunk_state():
                seen = inspect_cards(chunk)
            self.stamp_cards += seen.cards
            self.stamps += seen.stamps
            self.left_out.update(seen.left_out)
            yield from seen.found
            if self.progress:
                self.progress(self)

    def _members(self) -> Iterator[Violation]:
        """What members did of challenges, in chunks of their own: who achieved something may have no account."""
        for chunk in member_chunks(self.environment, self.member_id):
            with chunk_state():
                seen = inspect_members(chunk)
            self.achievements += seen.achievements
            self.left_out.update(seen.left_out)
            yield from seen.found
            if self.progress:
                self.progress(self)

    def _whole(self) -> Iterator[Violation]:
        """What no member's rows can tell: one snapshot an environment and check."""
        for check in WHOLE.values():
            for environment_id in environments_of(check):
                if self.environment and self.environment.id != environment_id:
                    continue
                with chunk_state():
                    found, more = wrong_in(environment_id, check)
                if more:
                    self.left_out[check.name] += more
                yield from found

    def _chunk(self, after: UUID) -> list[UUID]:
        """The accounts that follow, as many as have about `entries_a_chunk` entries; at least one."""
        accounts = Account.objects.filter(id__gt=after).order_by("id")
        if self.member_id:
            accounts = accounts.filter(member_id=self.member_id)
        elif self.environment:
            accounts = accounts.filter(environment_id=self.environment.id)
        chunk: list[UUID] = []
        entries = 0
        for account_id, sequence in accounts.values_list("id", "sequence")[: self.accounts_a_chunk]:
            entries += max(0, sequence)
            if chunk and entries > self.entries_a_chunk:
                break
            chunk.append(account_id)
        return chunk

    def _inspect(self, chunk: list[UUID]) -> list[Violation]:
        with connection.cursor() as cursor:
            cursor.execute(_STATEMENT, {"accounts": chunk})
            _number, _table, _id, entries, lots, *_rest = cursor.fetchone()
            found, left_out = read_hits(CHECKS, cursor)
        self.accounts += len(chunk)
        self.entries += int(entries)
        self.lots += int(lots)
        self.left_out.update(left_out)
        return found + self._changed(chunk) if self.digests else found

    def _changed(self, chunk: list[UUID]) -> list[Violation]:
        changed = changed_entries(chunk)
        found = [_violation(entry, digest) for entry, digest in islice(changed, ROWS_A_CHECK)]
        if more := sum(1 for _ in changed):
            self.left_out[DIGEST.name] += more
        return found


def _violation(entry: LedgerEntry, digest: str) -> Violation:
    member = Member.objects.filter(pk=entry.member_id).values_list("external_id", flat=True).first()
    return Violation(
        check=DIGEST.name,
        sentence=DIGEST.sentence,
        table="ledgerentry",
        id=entry.id,
        environment_id=entry.environment_id,
        member_id=entry.member_id,
        member=member,
        expected=bytes(entry.digest).hex(),
        found=digest,
    )
