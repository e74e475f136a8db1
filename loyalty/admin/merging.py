"""Merging two members who are one person: what moves is shown first, since nothing undoes it (domain.md 1)."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse

from loyalty.actions.merging import merge_members
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.admin.others import OtherMemberForm
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member
from loyalty.queries.balances import Balance, balances_of
from loyalty.queries.holds import holds_of
from loyalty.queries.members import find_member
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.models import Environment, Metric
from programs.queries.environments import now_in


@dataclass(frozen=True, slots=True)
class Together:
    """One metric of the two, and of the one that stays."""

    metric: Metric
    goes: Balance
    stays: Balance
    after: Balance

    @property
    def moves(self) -> bool:
        """Whether the member who goes has anything in it."""
        return bool(self.goes.total or self.goes.pending or self.goes.held or self.stays != self.after)

    def shown(self) -> list[object]:
        return [
            self.metric.code,
            *((each.balance, each.pending, each.held) for each in (self.goes, self.stays, self.after)),
        ]


def merge_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Name the member who stays, see what moves, confirm."""
    environment = required_environment(request)
    actor = actor_of(request)

    def effect(content: Content) -> dict[str, Any]:
        return _effect(environment, member, content, actor)

    def act(content: Content, once: Idempotency) -> str:
        survivor = merge_members(
            environment=environment,
            member=str(member),
            into=content["other"],
            reason=content["reason"],
            actor=actor,
            now=now_in(environment),
            idempotency=once,
        )
        return f"{member} is merged: {survivor} goes on for both."

    label = "Into which member? That one stays"
    deed = Deed(
        name="merge",
        title=f"Merge {member}",
        form=partial(OtherMemberForm, environment=environment, member=member, label=label),
        effect=effect,
        act=act,
        after=page.url("change", member.pk),
        repeated="These members were merged already.",
    )
    return confirm_page(page, request, member, deed)


def _effect(environment: Environment, member: Member, content: Content, actor: Any) -> dict[str, Any]:
    """Both members' balances, and the survivor's afterwards: found by merging them and taking it back."""
    now = now_in(environment)
    survivor = find_member(environment=environment, member=content["other"])
    look = partial(balances_of, environment=environment, now=now)

    def merged() -> list[Balance]:
        after = merge_members(
            environment=environment,
            member=str(member),
            into=content["other"],
            reason=content["reason"],
            actor=actor,
            now=now,
        )
        return look(member_id=after.pk)

    goes, stays = look(member_id=member.pk), look(member_id=survivor.pk)
    rows = [
        Together(mine.metric, mine, theirs, after)
        for mine, theirs, after in zip(goes, stays, rehearsed(merged), strict=True)
    ]
    holds = list(holds_of(environment=environment, now=now, member_id=member.pk, status="open"))
    return {
        "survivor": survivor,
        "rows": [row for row in rows if row.moves],
        "holds": holds,
        "shown": [[row.shown() for row in rows], [str(hold.pk) for hold in holds]],
    }
