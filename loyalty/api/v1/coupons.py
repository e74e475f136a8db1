"""/v1/coupons: items of the set `coupons`, with what a member needs to use them (domain.md 8)."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.configuration import configure_once
from loyalty.api.common.fields import CHOSEN_ID, Body, Flag, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import challenge_examples, challenge_rendering, challenge_shapes, examples
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.picture_fields import Media, media_of
from loyalty.api.v1.rewards import address
from loyalty.queries.coupons import coupons_in, find_coupon
from programs.actions.coupons import save_coupon
from programs.code_patterns import FEWEST_RANDOM
from programs.models import Coupon


class CouponChanges(Body):
    title = Text(required=False, max_length=200)
    media = Media(
        required=False,
        help_text="An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none.",
    )
    link = serializers.URLField(
        required=False, max_length=500, allow_blank=True, help_text="Where it can be used."
    )
    coupon_id = Text(
        required=False, max_length=200, allow_blank=True, help_text="In the system that honours it."
    )
    coupon_type = Text(required=False, max_length=100, allow_blank=True)
    code = Text(
        required=False, max_length=200, allow_blank=True, help_text="The same for everybody; or a pattern."
    )
    code_pattern = Text(
        required=False,
        max_length=64,
        allow_blank=True,
        help_text=f"Each time another code, such as TEA-########: at least {FEWEST_RANDOM} #, each a letter or digit.",
    )
    show_on_notification = Flag(required=False, help_text="false, if absent.")


class CouponBody(CouponChanges):
    id = Pattern(CHOSEN_ID, required=False, help_text="Chosen, or made for you.")
    title = Text(max_length=200)


class CouponListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_coupons",
        "Coupons",
        scope="config:read",
        query=PageQuery,
        answer=challenge_shapes.CouponPage,
        example=examples.page(challenge_examples.COUPON),
        tag="inventory",
    )
    def get(self, request: Request) -> Response:
        return self.listed(coupons_in(self.environment), renderer(self))

    @operation(
        "create_coupon",
        "Make a coupon",
        scope="config:write",
        body=CouponBody,
        request_example=challenge_examples.COUPON_REQUEST,
        answer=challenge_shapes.CouponShape,
        example=challenge_examples.COUPON,
        status=201,
        writes=True,
        tag="inventory",
        description="It is an item of the inventory set `coupons`, which is made with the first one. Challenges "
        "give it.",
    )
    def post(self, request: Request) -> Response:
        return saved(self, Coupon(environment=self.environment), self.body(CouponBody), 201)


class CouponView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_coupon",
        "A coupon",
        scope="config:read",
        answer=challenge_shapes.CouponShape,
        example=challenge_examples.COUPON,
        refusals=["not_found"],
        tag="inventory",
    )
    def get(self, request: Request, coupon_id: str) -> Response:
        return Response(renderer(self)(found_coupon(self, coupon_id)))

    @operation(
        "update_coupon",
        "Change a coupon",
        scope="config:write",
        body=CouponChanges,
        request_example={"title": "A free green tea"},
        answer=challenge_shapes.CouponShape,
        example=challenge_examples.COUPON | {"title": "A free green tea"},
        refusals=["not_found"],
        writes=True,
        tag="inventory",
        description="Members who have it see the change; a code of their own stays as it was given.",
    )
    def patch(self, request: Request, coupon_id: str) -> Response:
        body = self.body(CouponChanges)
        return saved(self, found_coupon(self, coupon_id), body, 200)


def saved(view: EngineView, coupon: Coupon, body: dict[str, Any], status: int) -> Response:
    def change() -> Coupon:
        picture = (
            media_of(body["media"], view.environment, view.request.get_host(), "media")
            if "media" in body
            else {}
        )
        made = save_coupon(
            environment=view.environment,
            coupon=coupon,
            actor=view.actor,
            now=view.now,
            changes=body | picture,
        )
        return coupons_in(view.environment).get(pk=made.pk)

    return view.write(configure_once, renderer(view), http_status=status, change=change)


def renderer(view: EngineView) -> Callable[[Coupon], dict[str, Any]]:
    at = address(view)
    return lambda found: challenge_rendering.coupon(found, at)


def found_coupon(view: EngineView, coupon_id: str) -> Coupon:
    check_text(coupon_id, "coupon_id")
    return find_coupon(environment=view.environment, coupon=coupon_id)
