"""A person asks to be forgotten (domain.md 1, 10)."""

from datetime import datetime
from uuid import UUID

from audit.record import Actor
from loyalty.actions.once import once
from loyalty.ledger import accounts
from loyalty.ledger.approvals import withdraw_requests
from loyalty.ledger.closing import close_pending
from loyalty.ledger.closing_cards import revoke_unpaid
from loyalty.ledger.erasing import empty, redact
from loyalty.ledger.exported_files import delete_files, lock_files
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.ledger.posting import Journal
from loyalty.models import Member
from loyalty.queries.members import find_member
from programs.models import Environment


@once
def erase_member(
    *,
    environment: Environment,
    member: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Member:
    """Release the member's holds, cancel what waits for fulfilment or is to be paid, bring every account to
    zero, and blank all that names or describes them, and those who were merged into them. The anonymous
    ledger stays. Answers the blanked row.

    If the id comes back it is somebody new, who starts from zero. Raises NotFound, Replay.
    Locks: files that are read or written; the members, their accounts, redemptions, codes; seats, stock while written.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    lock_files(environment.pk)
    found = _lock(find_member(environment=environment, member=member).pk)
    # Read when the person is locked: nobody can be merged into them any more.
    merged = list(Member.objects.filter(redirect_to=found).select_for_update().order_by("pk"))
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    locked = accounts.lock_accounts(member=found)
    for book in journal.open_locked(locked):
        empty(book)
    close_pending(journal, [found.pk, *(row.pk for row in merged)])
    revoke_unpaid(journal, [found.pk])  # those of the merged went on at the survivor
    withdraw_requests(journal, [found.pk, *(row.pk for row in merged)])
    redact([found, *merged])
    for row in (found, *merged):
        row.external_id, row.attributes, row.status = None, {}, Member.Status.ERASED
        row.redirect_to = None  # that two ids were one person is forgotten too
        row.save(update_fields=["external_id", "attributes", "status", "redirect_to"])
    delete_files(environment.pk)
    journal.audit(verb="member.erased", object_type="member", object_id=str(found.pk), member_id=found.pk)
    journal.seats_freed = 1  # those who were merged into them have freed theirs
    journal.write(found, member_id=found.pk)
    return found


def _lock(key: UUID) -> Member:
    """The person's row, locked against every other write. Raises Redirected."""
    found = Member.objects.select_for_update().get(pk=key)
    if found.redirect_to_id is not None or found.status == Member.Status.ERASED:
        raise Redirected
    return found
