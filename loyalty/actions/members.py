"""Members are created by their first write or read, and changed by the tenant (domain.md 1)."""

from datetime import datetime
from typing import Any

import simplejson

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.ledger.posting import Journal
from loyalty.models import Member
from loyalty.queries.members import find_member
from programs.models import Environment

MAX_ATTRIBUTES = 16 * 1024  # bytes of JSON


@once
def update_member(
    *,
    environment: Environment,
    member: str,
    actor: Actor,
    now: datetime,
    attributes: dict[str, Any] | None = None,
    status: str | None = None,
    idempotency: Idempotency | None = None,
) -> Member:
    """Change attributes (merged; null removes a name) or status (`active` | `frozen`).

    Raises InvalidRequest, NotFound, Replay. Locks: the member.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    key = find_member(environment=environment, member=member).pk
    living = Member.objects.filter(redirect_to__isnull=True, status__in=Member.LIVING)
    found = living.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise Redirected
    before = {"attributes": found.attributes, "status": found.status}
    if attributes is not None:
        found.attributes = _merged(found.attributes, attributes)
    if status is not None:
        if status not in Member.LIVING:
            raise InvalidRequest.field("status", "invalid_choice", "Choose active or frozen.")
        found.status = status
    after = {"attributes": found.attributes, "status": found.status}
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    if after != before:
        found.save(update_fields=["attributes", "status"])
        journal.audit(
            verb="member.updated",
            object_type="member",
            object_id=str(key),
            member_id=key,
            before=before,
            after=after,
        )
    journal.write(found, member_id=key)
    return found


def _merged(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    merged = {name: value for name, value in (old | changes).items() if value is not None}
    if len(simplejson.dumps(merged, use_decimal=True, ensure_ascii=False).encode()) > MAX_ATTRIBUTES:
        raise InvalidRequest.field("attributes", "too_large", f"At most {MAX_ATTRIBUTES} bytes of JSON.")
    return merged
