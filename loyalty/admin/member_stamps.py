"""A member's stamp cards on the member's page, and enrolling them in one."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from audit.errors import DomainError
from loyalty.actions.stamps import enrol
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.admin.stamp_words import CardRow, card_rows, said
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member, StampCollection
from loyalty.queries.stamps import collections_of, stamp_programs_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.stamp_words import obstacles, sentence_of
from programs.models import Environment, StampProgram
from programs.queries.environments import now_in

_CLOSED = {
    "paused": "It is paused; an operator can activate it again.",
    "ended": "It has ended for good.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A stamp program as it stands for one member: its rule in words, and why they can't join, in sentences."""

    stamp_program: StampProgram
    words: str
    obstacles: list[str] = field(default_factory=list)
    card: StampCollection | None = None


def stamps_shown(environment: Environment, member: Member) -> list[CardRow]:
    """The member's cards, the oldest first. Two statements, one where they have none."""
    return card_rows(_cards_of(environment, member).order_by("id"))


def enrol_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Without `?stamp_program=` what there is; with it, see what joining does, confirm."""
    environment = required_environment(request)
    wanted = request.GET.get("stamp_program")
    found = stamp_programs_of(environment).exclude(status=StampProgram.Status.DRAFT)
    chosen = found.filter(public_id=wanted).first() if wanted else None
    if wanted and chosen is None:
        messages.warning(request, "That stamp program is no longer there; choose another one.")
        return HttpResponseRedirect(page.url("enrol", member.pk))
    if chosen is None:
        offers = _offers(environment, member, found)
        title = f"Enrol {member}"
        return page.page(request, "enrol_choose.html", title, object=member, offers=offers)
    return confirm_page(page, request, member, _deed(page, request, member, chosen))


def _cards_of(environment: Environment, member: Member) -> QuerySet[StampCollection]:
    return collections_of(environment=environment).filter(member=member)


def _offers(environment: Environment, member: Member, stamp_programs: QuerySet[StampProgram]) -> list[Offer]:
    """All that are no drafts; what the member can join first."""
    cards = {card.stamp_program_id: card for card in _cards_of(environment, member)}
    now = now_in(environment)
    offers = []
    for one in stamp_programs.order_by("name", "id"):
        why = [_CLOSED[one.status]] if one.status in _CLOSED else obstacles(one, now)
        if member.status == Member.Status.FROZEN:
            why.append("The member is frozen; unfreeze them first.")
        card = cards.get(one.pk)
        offers.append(Offer(one, sentence_of(one), [] if card else why, card))
    return sorted(offers, key=lambda offer: bool(offer.obstacles or offer.card))


def _deed(
    page: DetailAdmin[Member], request: HttpRequest, member: Member, stamp_program: StampProgram
) -> Deed:
    join = partial(_join, request, member, stamp_program)

    def effect(_content: Content) -> dict[str, Any]:
        rehearsed(join)
        return {"stamp_program": stamp_program, "sentence": sentence_of(stamp_program)}

    def act(_content: Content, once: Idempotency) -> str:
        made = join(once)
        link = reverse("admin:loyalty_stampcollection_change", args=[made.pk])
        return format_html('{} has the card <a href="{}">{}</a> now.', member, link, stamp_program.name)

    return Deed(
        name="enrol",
        title=f"Enrol {member} in {stamp_program}",
        form=forms.Form,
        effect=effect,
        act=act,
        after=page.url("change", member.pk),
        repeated="The member was enrolled already; nothing was done again.",
        asks=False,
    )


def _join(
    request: HttpRequest, member: Member, stamp_program: StampProgram, once: Idempotency | None = None
) -> StampCollection:
    """Enrol the member. Raises what `enrol` does, in the console's words."""
    environment = required_environment(request)
    try:
        return enrol(
            environment=environment,
            stamp_program=stamp_program.public_id,
            member=str(member),
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=once,
        )
    except DomainError as error:
        raise said(error, stamp_program) from error
