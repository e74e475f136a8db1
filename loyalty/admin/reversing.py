"""Reversing a transaction, whole or in part: what it takes back or gives back is listed first (domain.md 3.4)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse as url_of

from loyalty.actions.points import MAX_POINTS
from loyalty.actions.reversals import preview_reversal, reverse
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.admin.effects import pieces_of
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.reversals import Reversal
from loyalty.models import LedgerEntry, Member
from loyalty.queries.relations import own_lots_of, relations_of, survivor_of
from loyalty.queries.timeline import Line
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, text_area
from programs.models import Environment
from programs.queries.environments import now_in


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why an entry can't be reversed, and where to go instead."""

    sentence: str
    link: str = ""
    link_text: str = ""


_TYPES = {
    "reversed": "A reversal is not reversed again. Adjust the points instead.",
    "expired": "Expired points are not brought back by a reversal. Adjust the points instead.",
    "transferred": "A transfer is not reversed. Transfer the points back instead.",
}


def obstacle_to(entry: LedgerEntry, left: int, member: Member) -> Obstacle | None:
    """Why *Reverse* is not offered; None where it is."""
    if member.status == Member.Status.ERASED:
        return Obstacle("The member was erased: the ledger of an erased member stays as it is.")
    if entry.type in _TYPES:
        return Obstacle(_TYPES[entry.type])
    if entry.hold_id:
        link = url_of("admin:loyalty_hold_change", args=[entry.hold_id])
        return Obstacle(
            "It was captured from a hold. Cancel the hold's capture instead.", link, "Open the hold"
        )
    if left <= 0:
        return Obstacle("All of it has been reversed already.")
    if entry.redemption_id:
        link = url_of("admin:loyalty_redemption_cancel", args=[entry.redemption_id])
        return Obstacle(
            "It belongs to a redemption. Cancel the redemption instead.", link, "Cancel the redemption"
        )
    return None


def may_be_reversed(line: Line, member: Member) -> bool:
    """Whether a line of the timeline offers *Reverse*."""
    return obstacle_to(line.entry, line.related.left, member) is None


class PartForm(forms.Form):
    """How many points, all unless told otherwise, and why."""

    points = forms.IntegerField(
        min_value=1, max_value=MAX_POINTS, widget=number_input(), label="How many points"
    )
    reason = forms.CharField(
        max_length=500, widget=text_area(rows=2), help_text="Why, for whoever reads the ledger."
    )

    def __init__(self, *args: Any, most: int, hint: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["points"].initial = most
        self.fields["points"].help_text = hint


def reverse_page(page: DetailAdmin[Any], request: HttpRequest, entry: LedgerEntry) -> HttpResponse:
    """Enter how many and why, see what it does, confirm."""
    environment = required_environment(request)
    left = relations_of([entry])[entry.pk].left
    after = page.url("change", entry.pk)
    obstacle = obstacle_to(entry, left, entry.member)
    if obstacle and request.method == "GET":
        messages.warning(request, obstacle.sentence)
        return HttpResponseRedirect(after)
    common: dict[str, Any] = {"environment": environment, "entry": entry.pk, "actor": actor_of(request)}

    def effect(content: Content) -> dict[str, Any]:
        planned = preview_reversal(points=content["points"], now=now_in(environment), **common)
        return effect_of(planned)

    deed = Deed(
        name="reverse",
        title="Reverse a transaction",
        form=partial(PartForm, most=left, hint=f"All that is left of it, {left:,}, or a part."),
        effect=effect,
        act=partial(act_of_reversing, partial(reverse, **common), environment),
        after=after,
        repeated="This reversal was made already; it was not made again.",
    )
    return confirm_page(page, request, entry, deed)


def act_of_reversing(
    action: Callable[..., Reversal], environment: Environment, content: Content, once: Idempotency
) -> str:
    """Reverse by `action` what was entered, and say what was done."""
    done = action(
        points=content["points"], reason=content["reason"], now=now_in(environment), idempotency=once
    )
    return (
        f"Reversed {done.entry.nominal or 0:,} of {abs(done.original.points):,} points."
        f" {done.balance_after:,} can be spent now."
    )


def effect_of(planned: Reversal) -> dict[str, Any]:
    """What a reversal does: each piece of a lot, debt, shortfall, and the balance before and after."""
    own_lots = own_lots_of(planned.original)
    survivor = survivor_of(planned.original.member)
    # What only passes through a merged member's account on its way is no news to anybody.
    uses = [
        use for use in planned.uses if survivor is None or use.points < 0 or use.lot.member_id == survivor.pk
    ]
    pieces = pieces_of(uses, planned.entries, main=planned.entry, own_lots=own_lots)
    figures = {
        "already_expired": planned.already_expired,
        "debt": planned.debt,
        "shortfall": planned.shortfall,
        "before": planned.balance_before,
        "after": planned.balance_after,
    }
    return figures | {
        "reversal": planned,
        "survivor": survivor,
        "gives_back": planned.original.points < 0,
        "nominal": planned.entry.nominal,
        "pieces": pieces,
        "shown": [figures, [piece.shown() for piece in pieces]],
    }
