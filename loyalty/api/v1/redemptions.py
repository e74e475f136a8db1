"""/v1/redemptions: what members got for their points, its fulfilment, and codes at a till (domain.md 5)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.tills import use_code
from loyalty.api.common.fields import Body, Choice, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, reward_examples, reward_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import RedemptionFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.api.v1.redeeming import shown, shown_all
from loyalty.models import Redemption
from loyalty.queries.gifts import check_till
from loyalty.queries.members import find_member
from loyalty.queries.redemptions import find_code, find_redemption, redemptions_of

_CODE = 200  # characters; as it is typed
_AT_A_TILL = [
    "not_found",
    "code_already_used",
    "code_expired",
    "redemption_closed",
    "maximum_reached",
    "not_eligible",
]


class RedemptionsQuery(PageQuery, MemberBody):
    member_needed = False
    status = Choice(choices=Redemption.Status.choices, required=False)
    reward_id = Text(required=False, max_length=64)
    code = Text(required=False, max_length=_CODE, help_text="As it is shown, or typed.")


class RedemptionListView(ListView):
    scopes = {"GET": "redemptions:read"}
    members_may = frozenset({"GET"})
    filters = RedemptionFilters
    paging = RedemptionsQuery

    @operation(
        "list_redemptions",
        "Redemptions, newest first",
        scope="redemptions:read",
        query=RedemptionsQuery,
        filters=RedemptionFilters,
        answer=reward_shapes.RedemptionPage,
        example=examples.page(reward_examples.REDEMPTION),
        refusals=["not_found"],
        tag="redemptions",
        description="By `occurred_at`: `from` inclusive, `to` exclusive. With a member token: the member's own.",
    )
    def get(self, request: Request) -> Response:
        page = self.page(self._rows(self.parameters()))
        return Response(page.as_json(shown_all(self, page.rows)))

    def _rows(self, query: dict[str, Any]) -> QuerySet[Redemption]:
        named, by_token = query.get("member"), self.principal.member is not None
        member_id = None
        if named is not None or by_token:
            try:
                member_id = find_member(environment=self.environment, member=self.own(named)).id
            except NotFound:
                if not by_token:
                    raise
                return Redemption.objects.none()  # their own, of whom nothing is known yet
        return redemptions_of(
            environment=self.environment,
            member_id=member_id,
            status=query.get("status"),
            reward=query.get("reward_id"),
            code=query.get("code"),
        )


class RedemptionView(EngineView):
    scopes = {"GET": "redemptions:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_redemption",
        "A redemption",
        scope="redemptions:read",
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.REDEMPTION,
        refusals=["not_found"],
        tag="redemptions",
        description="As it stands now: a code whose time is over is `expired`, even if no job has run.",
    )
    def get(self, request: Request, redemption_id: str) -> Response:
        key = key_of(redemption_id)
        if self.principal.member is None:
            return Response(shown(self, find_redemption(environment=self.environment, redemption=key)))
        member = find_member(environment=self.environment, member=self.own(None))
        found = redemptions_of(environment=self.environment, member_id=member.id).filter(pk=key).first()
        if found is None:
            raise NotFound(f"There is no redemption {redemption_id} of this member.")
        return Response(shown(self, found))


class FulfilBody(Body):
    note = Text(required=False, help_text="Such as the parcel's number.")


class FulfilView(EngineView):
    scopes = {"POST": "redemptions:write"}

    @operation(
        "fulfil_redemption",
        "Say that it was handed over",
        scope="redemptions:write",
        body=FulfilBody,
        request_example={"note": "Parcel 4711"},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.FULFILLED,
        refusals=["not_found", "redemption_closed", "maximum_reached", "not_eligible"],
        writes=True,
        tag="redemptions",
        description="Of a pending one, once. What the reward gives in the engine (a tier, an item, points of another "
        "metric) is given now. `not_eligible`: the member has that tier, or a higher one, already; fail it, and "
        "everything is given back.",
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        return changed(self, fulfil, redemption_id, self.body(FulfilBody))


class FailBody(Body):
    reason = Text(help_text="Why it can't be handed over.")


class FailView(EngineView):
    scopes = {"POST": "redemptions:write"}

    @operation(
        "fail_redemption",
        "Say that it can't be handed over",
        scope="redemptions:write",
        body=FailBody,
        request_example={"reason": "No longer made"},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.FAILED,
        refusals=["not_found", "redemption_closed", "code_already_used", "not_reversible"],
        writes=True,
        tag="redemptions",
        description="Of a pending one. Points, stock and code are given back, as by cancelling.",
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        return changed(self, fail, redemption_id, self.body(FailBody))


class CancelRedemptionBody(Body):
    reason = Text(required=False, help_text="Why; it stands with the redemption, and in the history.")


class CancelRedemptionView(EngineView):
    scopes = {"POST": "redemptions:write"}

    @operation(
        "cancel_redemption",
        "Undo a redemption",
        scope="redemptions:write",
        body=CancelRedemptionBody,
        request_example={"reason": "Order cancelled"},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.CANCELLED,
        refusals=[
            "not_found",
            "redemption_closed",
            "code_already_used",
            "code_expired",
            "insufficient_balance",
            "not_reversible",
        ],
        writes=True,
        tag="redemptions",
        description="A pending one, or a fulfilled one whose code was neither used nor has expired. Points go back to "
        "the lots they came from, with their own dates; the stock rises; an uploaded code returns to its pool or is "
        "void, as the reward says; what it gave is taken back. `insufficient_balance`: what it gave is spent already.",
    )
    def post(self, request: Request, redemption_id: str) -> Response:
        return changed(self, cancel, redemption_id, self.body(CancelRedemptionBody))


class ValidateBody(Body):
    code = Text(
        max_length=_CODE,
        help_text="As it is shown, or typed: one in capitals in any case, with or without spaces.",
    )


class ValidateView(EngineView):
    scopes = {"POST": "redemptions:read"}

    @operation(
        "validate_code",
        "Look whether a code can be used",
        scope="redemptions:read",
        body=ValidateBody,
        request_example={"code": "REDEEM-7K2MWPQ4"},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.REDEMPTION,
        refusals=_AT_A_TILL,
        tag="redemptions",
        description="The redemption that it belongs to, or the refusal that using it would get. Changes nothing.",
    )
    def post(self, request: Request) -> Response:
        found = find_code(environment=self.environment, code=self.body(ValidateBody)["code"])
        check_till(environment=self.environment, redemption=found, now=self.now)
        return Response(shown(self, found))


class UseBody(ValidateBody):
    place = Text(required=False, max_length=200, help_text="Which till; whoever comes later is told.")


class UseView(EngineView):
    scopes = {"POST": "redemptions:write"}

    @operation(
        "use_code",
        "Use a code at a till",
        scope="redemptions:write",
        body=UseBody,
        request_example={"code": "REDEEM-7K2MWPQ4", "place": "Till 4, Lagos"},
        answer=reward_shapes.RedemptionShape,
        example=reward_examples.USED,
        refusals=_AT_A_TILL,
        writes=True,
        tag="redemptions",
        description="Once. A second use is told when and where the first was. A pending redemption is fulfilled by it.",
    )
    def post(self, request: Request) -> Response:
        return self.write(
            use_code,
            lambda row: shown(self, row),
            actor=self.actor,
            now=self.now,
            **{"place": None, **self.body(UseBody)},
        )


def changed(view: EngineView, action: Any, redemption_id: str, body: dict[str, Any]) -> Response:
    """Take one step of a redemption, and show it."""
    return view.write(
        action,
        lambda row: shown(view, row),
        redemption=key_of(redemption_id),
        actor=view.actor,
        now=view.now,
        **body,
    )


def key_of(redemption_id: str) -> UUID:
    """The key in a `red_` id. Raises NotFound for any other text."""
    key = parse_public("red", redemption_id)
    if key is None:
        raise NotFound(f"There is no redemption {redemption_id!r} in this environment.")
    return key
