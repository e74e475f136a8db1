"""A reward is bought, by whichever path, and redemptions are shown."""

from collections.abc import Collection
from typing import Any

from rest_framework.response import Response

from loyalty.actions.redemptions import redeem
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import reward_rendering
from loyalty.models import Redemption
from loyalty.queries.history import owner_name
from loyalty.queries.redemptions import payments_of
from programs.queries.snapshots import snapshot

REDEEM_REFUSALS = (
    "plan_limit_exceeded",
    "not_found",
    "reward_not_available",
    "member_frozen",
    "not_eligible",
    "member_limit_reached",
    "insufficient_balance",
    "maximum_reached",
    "out_of_stock",
)


def redeemed(view: EngineView, member: str, reward: str, body: dict[str, Any]) -> Response:
    """Buy a reward, and show the redemption with what can still be spent. `body`: points, reason, metadata."""

    def made(row: Redemption) -> dict[str, Any]:
        shown = reward_rendering.redemption(
            row,
            member=owner_name(environment=view.environment, member_id=row.member_id, named=member),
            paid_by=row.paid_by.id if row.paid_by else None,
            now=view.now,
            given=reward_rendering.namer([row], snapshot(view.environment)),
        )
        return shown | _not_theirs(view) | {"points_balance": row.balance}

    return view.write(
        redeem,
        made,
        http_status=201,
        member=member,
        reward=reward,
        actor=view.actor,
        now=view.now,
        **body,
    )


def shown_all(view: EngineView, rows: Collection[Redemption]) -> list[dict[str, Any]]:
    """Redemptions with what paid for them; one statement, and one more where they gave items long gone."""
    payments = payments_of([row.pk for row in rows])
    given = reward_rendering.namer(rows, snapshot(view.environment))
    return [
        reward_rendering.redemption(
            row, member=row.member.external_id, paid_by=payments.get(row.pk), now=view.now, given=given
        )
        | _not_theirs(view)
        for row in rows
    ]


def shown(view: EngineView, row: Redemption) -> dict[str, Any]:
    return shown_all(view, [row])[0]


def _not_theirs(view: EngineView) -> dict[str, Any]:
    """What a member's own token does not see of a redemption: what staff noted."""
    return {} if view.principal.member is None else {"note": None}
