"""Redeeming for a member: the catalogue as it stands for them, then the effect, then the deed."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from audit.errors import DomainError
from loyalty.actions.redemptions import redeem
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.admin.redemption_effects import redemption_effect
from loyalty.admin.redemption_refusals import in_local_time
from loyalty.admin.redemption_words import gives_in_words, offer_in_words, worth_of
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member, Redemption
from loyalty.queries.offers import Offer, offer_of
from loyalty.queries.rewards import Offered, catalogue
from loyalty.rules.redeeming import points_refused
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, text_area
from programs.models import Environment, Reward
from programs.queries.environments import now_in
from programs.queries.snapshots import Snapshot, snapshot


@dataclass(frozen=True, slots=True)
class Shelf:
    """A reward as it stands for one member: what it is worth, and why they can't have it, in sentences."""

    offered: Offered
    words: str
    obstacles: list[str]


class RedeemForm(forms.Form):
    """`points` only where the member chooses them."""

    points = forms.IntegerField(min_value=1, widget=number_input(), label="How many points")
    reason = forms.CharField(
        max_length=500,
        required=False,
        widget=text_area(rows=2),
        help_text="For whoever reads the ledger. Left empty, it says the reward's name.",
    )

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer = offer
        if not offer.terms.bounds:
            del self.fields["points"]
            return
        low, high, step = offer.terms.bounds
        steps = f", in steps of {step:,}" if step > 1 else ""
        self.fields["points"].initial = low
        self.fields["points"].help_text = f"{low:,} to {high:,}{steps}."

    def clean_points(self) -> int:
        points: int = self.cleaned_data["points"]
        if wrong := points_refused(self.offer.terms, points, None):
            raise forms.ValidationError(wrong)
        return points


def redeem_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Without `?reward=` the catalogue; with it, enter, see the effect, confirm."""
    environment = required_environment(request)
    config = snapshot(environment)
    wanted = request.GET.get("reward")
    reward = config.reward(wanted) if wanted else None
    if wanted and reward is None:
        messages.warning(request, "That reward is no longer offered; choose another one.")
        return HttpResponseRedirect(page.url("redeem", member.pk))
    if reward is None:
        shelves = _shelves(environment, config, member)
        title = f"Redeem for {member}"
        return page.page(request, "redemption_choose.html", title, object=member, shelves=shelves)
    return confirm_page(page, request, member, _deed(page, request, member, offer_of(config, reward)))


def _shelves(environment: Environment, config: Snapshot, member: Member) -> list[Shelf]:
    """All that is no draft; what the member can have first, the cheapest first."""
    rewards = [reward for reward in config.rewards if reward.status != Reward.Status.DRAFT]
    offered = catalogue(environment=environment, member=str(member), now=now_in(environment), rewards=rewards)
    offered.sort(key=lambda one: (bool(one.refusals), one.cost, one.reward.name))
    return [
        Shelf(one, offer_in_words(one.reward), [in_local_time(refusal.detail) for refusal in one.refusals])
        for one in offered
    ]


def _deed(page: DetailAdmin[Member], request: HttpRequest, member: Member, offer: Offer) -> Deed:
    environment, reward = required_environment(request), offer.reward
    buy = partial(_buy, request, member, reward)

    def effect(content: Content) -> dict[str, Any]:
        now = now_in(environment)
        found = redemption_effect(
            environment=environment,
            member=member,
            reward=reward,
            redemption=None,
            now=now,
            act=partial(buy, content, now),
        )
        done: Redemption = found["redemption"]
        return found | {"reward": reward, "worth": worth_of(done), "gives": gives_in_words(done.gives)}

    return Deed(
        name="redemption_new",
        title=f"Redeem {reward.name} for {member}",
        form=partial(RedeemForm, offer=offer),
        effect=effect,
        act=lambda content, once: _bought(buy(content, now_in(environment), once)),
        after=page.url("change", member.pk),
        repeated="This was redeemed already; it was not redeemed again.",
    )


def _buy(
    request: HttpRequest,
    member: Member,
    reward: Reward,
    content: Content,
    now: datetime,
    once: Idempotency | None = None,
) -> Redemption:
    """Redeem as it was entered. Raises what `redeem` does, its times as they are in the project."""
    try:
        return redeem(
            environment=required_environment(request),
            member=str(member),
            reward=reward.public_id,
            points=content.get("points"),
            reason=content["reason"] or None,
            actor=actor_of(request),
            now=now,
            idempotency=once,
        )
    except DomainError as error:
        raise type(error)(in_local_time(error.detail), errors=error.errors, **error.data) from error


def _bought(done: Redemption) -> str:
    code = format_html(" Its code is {}.", done.issued_code) if done.issued_code else ""
    link = reverse("admin:loyalty_redemption_change", args=[done.pk])
    cost = f"{done.points:,} {done.metric}"
    return format_html('<a href="{}">{}</a> is redeemed for {}.{}', link, done.name, cost, code)
