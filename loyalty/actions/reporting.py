"""What members do in the app, as they report it themselves by their token (domain.md 1)."""

from datetime import datetime
from typing import Any

from audit.errors import PermissionRefused
from audit.ids import new_id, public
from audit.record import Actor
from loyalty.actions.events import REFUND, record_event
from loyalty.ledger.idempotency import Idempotency
from loyalty.queries.events import RecordedEvent
from loyalty.rules.stamps import PURCHASE
from programs.models import Environment
from programs.queries.snapshots import Snapshot, snapshot


def report_action(
    *,
    environment: Environment,
    member: str,
    action: str,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> RecordedEvent:
    """The action as an event of that type by the member, now. Without an Idempotency-Key each call is another one.

    A type that nothing looks at is stored, and causes nothing. Raises PermissionRefused for one that members may
    not report, and what `record_event` raises. Locks: as that.
    """
    refusal = _refusal(snapshot(environment), action)
    if refusal:
        if idempotency:  # what was done is answered alike, whatever members may report by now
            idempotency.check_stored(environment.id)
        raise PermissionRefused(refusal)
    return record_event(
        environment=environment,
        event_id=public("act", new_id()),
        type=action,
        member=member,
        data=data,
        actor=actor,
        now=now,
        idempotency=idempotency,
    )


def _refusal(config: Snapshot, action: str) -> str | None:
    """Why members may not report it; None where they may."""
    if action in (PURCHASE, REFUND):
        return f"Members do not report a {action}; your server does, by POST /v1/events."
    app = config.member_app
    if (app and action in app.event_types) or action not in config.event_types_used:
        return None
    return f"Members may not report {action!r}; an operator can list it in the member app, or your server reports it."
