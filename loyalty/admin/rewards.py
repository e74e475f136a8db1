"""The catalogue with what members took of it: stock, codes, and how rewards are saved."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.urls import URLPattern, path

from loyalty.actions.catalogue import save_reward
from loyalty.admin.code_uploads import upload_page
from loyalty.admin.codes import codes_csv, codes_page, remove_page
from loyalty.admin.reward_figures import figures_csv, figures_page
from loyalty.queries.rewards import stock_of
from loyalty.queries.taken import codes_left, in_words, taken_of
from programs.actions.pictures import MOST_BYTES, store_picture
from programs.admin.base import actor_of, required_environment
from programs.admin.reward_words import Stock
from programs.admin.rewards import CatalogueAdmin
from programs.models import Reward


@admin.register(Reward)
class RewardAdmin(CatalogueAdmin):
    def get_urls(self) -> list[URLPattern]:
        def view(function: Any) -> Any:
            return self.admin_site.admin_view(lambda request: function(self, request))

        own = [
            path("figures/", view(figures_page), name="programs_reward_figures"),
            path("figures/csv/", view(figures_csv), name="programs_reward_figures_csv"),
            self.object_page("codes", lambda request, reward: codes_page(self, request, reward), self.reader),
            self.object_page(
                "codes-csv", lambda request, reward: codes_csv(self, request, reward), "operator"
            ),
            self.object_page(
                "remove-codes", lambda request, reward: remove_page(self, request, reward), "operator"
            ),
            self.object_page(
                "upload", lambda request, reward: upload_page(self, request, reward), "operator"
            ),
        ]
        return [*own, *super().get_urls()]

    def stocks(self, rewards: Sequence[Reward]) -> Mapping[UUID, Stock]:
        rows = stock_of([reward.pk for reward in rewards])
        return {key: Stock(row.left, row.stock, row.taken) for key, row in rows.items()}

    def taken_of(self, rewards: Sequence[Reward], stocks: Mapping[UUID, Stock]) -> Mapping[UUID, str]:
        counted = taken_of([reward.pk for reward in rewards if reward.pk not in stocks])
        return {key: f"{stock.taken:,}" for key, stock in stocks.items()} | {
            key: in_words(taken) for key, taken in counted.items()
        }

    def codes_left(self, rewards: Sequence[Reward]) -> Mapping[UUID, str]:
        pools = [reward.pk for reward in rewards if reward.code_source == Reward.CodeSource.POOL]
        return {key: in_words(left) for key, left in codes_left(pools).items()}

    @transaction.atomic
    def store(self, request: HttpRequest, form: Any) -> Reward:
        environment = required_environment(request)
        changes = form.changes()
        picture = form.picture_sent()
        if picture is not None:
            changes["picture"] = store_picture(environment=environment, data=picture.read(MOST_BYTES + 1))
        elif form.cleaned_data.get("remove_picture"):
            changes["picture"] = None
        return save_reward(
            environment=environment,
            reward=form.instance,
            actor=actor_of(request),
            changes=changes,
            stock=form.cleaned_data["stock"],
        )

    def turn(self, request: HttpRequest, reward: Reward, status: str) -> None:
        environment = required_environment(request)
        save_reward(
            environment=environment, reward=reward, actor=actor_of(request), changes={"status": status}
        )
