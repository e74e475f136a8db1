"""Transferring points to another member; the effect on both is shown first (domain.md 3.10)."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from audit.errors import InvalidRequest
from loyalty.actions.points import MAX_POINTS
from loyalty.actions.transfers import Transfer, transfer
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.admin.effects import Piece
from loyalty.admin.others import OtherMemberForm
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import LedgerEntry, Member
from loyalty.queries.balances import Balance, balances_of
from loyalty.queries.members import find_member
from loyalty.queries.timeline import uses_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, select
from programs.models import Environment, Metric
from programs.queries.environments import now_in


class TransferForm(OtherMemberForm):
    metric = forms.ChoiceField(widget=select())
    points = forms.IntegerField(
        min_value=1, max_value=MAX_POINTS, widget=number_input(), label="How many points"
    )
    field_order = ("other", "metric", "points", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs, label="To which member?")
        metrics = Metric.objects.filter(environment=self.environment)
        self.fields["metric"].choices = [(metric.code, metric.title) for metric in metrics]  # type: ignore[attr-defined]


def transfer_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Name the receiver, the points and why; see the effect on both; confirm."""
    environment = required_environment(request)
    actor = actor_of(request)

    def move(content: Content, once: Idempotency | None = None) -> Transfer:
        return transfer(
            environment=environment,
            sender=str(member),
            receiver=content["other"],
            points=content["points"],
            reason=content["reason"],
            metric=content["metric"],
            actor=actor,
            now=now_in(environment),
            idempotency=once,
        )

    def effect(content: Content) -> dict[str, Any]:
        return _effect(environment, member, content, lambda: move(content))

    def act(content: Content, once: Idempotency) -> str:
        done = move(content, once)
        return f"{done.received.points:,} points are now {content['other']}'s."

    deed = Deed(
        name="transfer",
        title=f"Transfer points of {member}",
        form=partial(TransferForm, environment=environment, member=member),
        effect=effect,
        act=act,
        after=page.url("change", member.pk),
        repeated="This transfer was made already; it was not made again.",
    )
    return confirm_page(page, request, member, deed)


def _effect(environment: Environment, member: Member, content: Content, move: Any) -> dict[str, Any]:
    """Both balances before and after, and the lots that go: found by moving them and taking it back."""
    receiver = find_member(environment=environment, member=content["other"])

    def look(whose: Member) -> Balance:
        found = balances_of(environment=environment, member_id=whose.pk, now=now_in(environment))
        return next(balance for balance in found if balance.metric.code == content["metric"])

    def moved() -> tuple[Balance, Balance, list[Piece]]:
        sent: LedgerEntry = move().sent
        pieces = [Piece("moved", -use.points, use.lot, use.lot.entry) for use in uses_of(sent)]
        return look(member), look(receiver), pieces

    giver, taker = look(member), look(receiver)
    if giver.balance < content["points"]:
        raise InvalidRequest.field(
            "points", "too_many", f"Only {max(0, giver.balance):,} can be spent, so no more can be moved."
        )
    giver_after, taker_after, pieces = rehearsed(moved)
    sides = [(member, giver, giver_after), (receiver, taker, taker_after)]
    return {
        "metric": giver.metric,
        "receiver": receiver,
        "sides": [{"member": who, "before": was.balance, "after": is_.balance} for who, was, is_ in sides],
        "pieces": pieces,
        "shown": [[[was.balance, is_.balance] for _who, was, is_ in sides], [p.shown() for p in pieces]],
    }
