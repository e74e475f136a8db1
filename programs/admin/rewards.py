"""The catalogue: rewards are made as drafts, activated, paused, archived and never deleted (domain.md 5).

What needs redemptions, stock and codes, saving too, is added in loyalty.admin.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.errors import DomainError
from programs.admin.base import may, require, required_environment
from programs.admin.configured import EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.reward_form import MODEL_FIELDS, RewardForm
from programs.admin.reward_words import (
    Stock,
    Titles,
    card_of,
    cost_words,
    example_code,
    icon_of,
    kind_words,
    obstacles,
    rows_of_reward,
    sentence_of,
    tier_titles,
    window_words,
)
from programs.models import Metric, Reward
from programs.pictures import picture_path
from programs.queries.environments import now_in

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a list needs to know of a reward besides itself. `codes`: left in its pool, and `taken`: in words."""

    stock: Stock = field(default_factory=Stock)
    codes: str = "0"
    taken: str = "0"
    titles: Titles = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of a reward's status, asked for on a page of its own."""

    verb: str
    status: str
    question: str
    done: str
    weight: str = "lc-primary"


TURNS = {
    "activate": Turn(
        "Activate", "active", "Members see it in the catalogue and can redeem it from now on.", "is active"
    ),
    "pause": Turn(
        "Pause",
        "paused",
        "Members still see it, and can't redeem it until you activate it again. What they have stays theirs.",
        "is paused",
    ),
    "archive": Turn(
        "Archive",
        "archived",
        "It leaves the catalogue. What members have stays theirs, and their codes can be used. It can be brought back.",
        "is archived",
        "lc-danger",
    ),
    "bring-back": Turn(
        "Bring back", "paused", "It comes back paused; activate it when it is ready.", "is back, and paused"
    ),
}
_OFFERED = {
    "draft": ("activate", "archive"),
    "active": ("pause", "archive"),
    "paused": ("activate", "archive"),
    "archived": ("bring-back",),
}


class Catalogue(ChangeList):
    """The list with what is on the shelf, read for the page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        page: Any = self.model_admin
        page.furnish(request, self.result_list)


class CatalogueAdmin(EditorAdmin[Reward]):
    form = RewardForm
    explanation = (
        "A reward is what members get for their points: a discount, a free product, a tier, an item of a set."
    )
    first_step = "Add one as a draft; members see it once you activate it."
    list_display = ("reward", "cost", "state", "left", "taken", "codes", "window")
    list_filter = ("status", "kind")
    search_fields = ("name", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": MODEL_FIELDS}),)

    # -- what loyalty.admin knows

    def stocks(self, rewards: Sequence[Reward]) -> Mapping[UUID, Stock]:
        raise NotImplementedError

    def taken_of(self, rewards: Sequence[Reward], stocks: Mapping[UUID, Stock]) -> Mapping[UUID, str]:
        """In words; of a reward with a stock what is missing of it."""
        raise NotImplementedError

    def codes_left(self, rewards: Sequence[Reward]) -> Mapping[UUID, str]:
        """In words."""
        raise NotImplementedError

    def store(self, request: HttpRequest, form: Any) -> Reward:
        """Save what the form says, with its picture and stock. Raises DomainErrors."""
        raise NotImplementedError

    def turn(self, request: HttpRequest, reward: Reward, status: str) -> None:
        """Save the status alone. Raises DomainErrors."""
        raise NotImplementedError

    # -- the list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reward]:
        rows = super().get_queryset(request)
        return rows.select_related(
            "program", "metric", "gives_metric", "gives_tier", "gives_item__inventory_set"
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> Any:
        return Catalogue

    def furnish(self, request: HttpRequest, rewards: Sequence[Reward]) -> None:
        """Put its shelf on each; four statements for all of them."""
        stocks, codes = self.stocks(rewards), self.codes_left(rewards)
        taken = self.taken_of(rewards, stocks)
        titles = tier_titles(required_environment(request))
        for reward in rewards:
            reward.shelf = Shelf(  # type: ignore[attr-defined]
                stock=stocks.get(reward.pk, Stock()),
                codes=codes.get(reward.pk, "0"),
                taken=taken.get(reward.pk, "0"),
                titles=titles.get(reward.program_id, {}),
            )

    @admin.display(description="Reward", ordering="name")
    def reward(self, reward: Reward) -> SafeString:
        return format_html(
            '<span class="lc-goods">{}<span><strong>{}</strong><small>{}</small></span></span>',
            _thumbnail(reward),
            reward.name,
            kind_words(reward),
        )

    @admin.display(description="Cost")
    def cost(self, reward: Reward) -> str:
        return cost_words(reward, _shelf(reward).titles)

    @admin.display(description="Status", ordering="status")
    def state(self, reward: Reward) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', reward.status, reward.get_status_display())

    @admin.display(description="Left")
    def left(self, reward: Reward) -> SafeString | str:
        stock = _shelf(reward).stock
        if stock.stock is None or stock.left is None:
            return "no limit"
        return format_html(
            '<span class="lc-left{}"><progress max="{}" value="{}" aria-hidden="true"></progress>'
            "<span>{} of {}</span></span>",
            "" if stock.left else " lc-none-left",
            stock.stock or 1,
            stock.left,
            f"{stock.left:,}",
            f"{stock.stock:,}",
        )

    @admin.display(description="Taken")
    def taken(self, reward: Reward) -> str:
        return _shelf(reward).taken

    @admin.display(description="Codes left")
    def codes(self, reward: Reward) -> SafeString | str:
        if reward.code_source != Reward.CodeSource.POOL:
            return "made as needed" if reward.code_source == Reward.CodeSource.GENERATED else "–"
        left = _shelf(reward).codes
        return left if left != "0" else format_html('<span class="lc-down">{}</span>', "none")

    @admin.display(description="When")
    def window(self, reward: Reward) -> str:
        return window_words(reward) or "always"

    # -- one reward

    def get_urls(self) -> list[URLPattern]:
        sentence = self.admin_site.admin_view(require_POST(self.sentence))
        turns = [self.object_page(name, self._turn_page(name), "operator") for name in TURNS]
        return [path("sentence/", sentence, name="programs_reward_sentence"), *turns, *super().get_urls()]

    def edit(self, request: HttpRequest, found: Reward | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        if (saved := self.saved(request, form, self.store)) is not None:
            return HttpResponseRedirect(self.url("change", saved.pk))
        stored = self.get_object(request, str(found.pk)) if found else None
        context: dict[str, Any] = {"form": form, "may_operate": form is not None}
        if stored is not None:
            context |= self.standing(request, stored)
        elif form is not None:
            context |= self._said(request, form, None)
        return self.page(request, "reward.html", str(stored or "New reward"), **context)

    def _form(self, request: HttpRequest, reward: Reward | None) -> Any:
        made: Any = self.get_form(request, reward, change=reward is not None)
        stock = self.stocks([reward]).get(reward.pk) if reward else None
        initial: dict[str, Any] = {"stock": stock.stock if stock else None}
        if reward is None:
            metrics = Metric.objects.filter(environment=required_environment(request))
            metric = metrics.order_by("program__created_at", "pk").first()
            initial |= {"program": metric.program_id, "metric": metric.pk} if metric else {}
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        return made(*sent, instance=reward, initial=initial)

    def standing(self, request: HttpRequest, reward: Reward) -> dict[str, Any]:
        """What the page says of a stored reward besides its form."""
        environment = required_environment(request)
        self.furnish(request, [reward])
        shelf = _shelf(reward)
        picture = picture_path(reward.picture_id) if reward.picture_id else None
        return {
            "object": reward,
            "original": Crumb(reward, str(reward)),
            "sentence": sentence_of(reward, shelf.titles, shelf.stock),
            "card": card_of(reward, shelf.titles, shelf.stock, picture),
            "example": example_code(reward.code_pattern),
            "rows": rows_of_reward(reward, shelf.titles, shelf.stock),
            "shelf": shelf,
            "is_pool": reward.code_source == Reward.CodeSource.POOL,
            "obstacles": obstacles(reward, shelf.stock, shelf.codes != "0", now_in(environment)),
            "turns": [(name, TURNS[name]) for name in _OFFERED[reward.status]],
        }

    def sentence(self, request: HttpRequest) -> JsonResponse:
        """What is on the screen, before it is saved: in words, and as the card that members will see."""
        require(request, "operator")
        known = request.GET.get("reward", "")
        reward = self.get_object(request, known) if known else None
        said = self._said(request, self._form(request, reward), reward)
        return JsonResponse(
            {
                "sentence": said["sentence"],
                "faults": said["faults"],
                "card": render_to_string("console/reward_card.html", {"card": said["card"]}),
                "example": said["example"],
            }
        )

    def _said(self, request: HttpRequest, form: Any, stored: Reward | None) -> dict[str, Any]:
        faults = form.faults() if form.is_bound else []
        reward: Reward = form.instance
        if getattr(reward, "metric_id", None) is None:
            reward.metric = Metric(title="Points")
        titles = tier_titles(required_environment(request)).get(reward.program_id, {})
        stock = form.stock_shown(self.stocks([stored]).get(stored.pk) if stored else None)
        picture = picture_path(stored.picture_id) if stored and stored.picture_id else None
        is_new = not form.is_bound
        return {
            "sentence": "" if faults or is_new else sentence_of(reward, titles, stock),
            "faults": faults,
            "card": card_of(reward, titles, stock, picture),
            "example": example_code(reward.code_pattern),
        }

    def _turn_page(self, name: str) -> Callable[[HttpRequest, Reward], HttpResponse]:
        turn = TURNS[name]

        def page(request: HttpRequest, reward: Reward) -> HttpResponse:
            if request.method == "POST":
                return self._turned(request, reward, turn)
            context = self.standing(request, reward) | {"turn": turn}
            return self.page(request, "reward_turn.html", f"{turn.verb} {reward}", **context)

        return page

    def _turned(self, request: HttpRequest, reward: Reward, turn: Turn) -> HttpResponse:
        try:
            self.turn(request, reward, turn.status)
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, f"{reward} {turn.done}.")
        return HttpResponseRedirect(self.url("change", reward.pk))


def _shelf(reward: Reward) -> Shelf:
    shelf: Shelf = reward.shelf  # type: ignore[attr-defined]
    return shelf


def _thumbnail(reward: Reward) -> SafeString:
    if reward.picture_id:
        return format_html(
            '<img class="lc-thumb" src="{}" alt="" loading="lazy">', picture_path(reward.picture_id)
        )
    return format_html(
        '<span class="lc-thumb material-symbols-outlined" aria-hidden="true">{}</span>', icon_of(reward)
    )
