"""/v1/stamp-rewards: what full cards gave, and its payment (domain.md 7)."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from audit.ids import parse_public
from loyalty.actions.stamps import MAX_REFERENCE, pay_stamp_reward
from loyalty.api.common.fields import Body, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, stamp_examples, stamp_rendering, stamp_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import StampRewardFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.models import StampReward
from loyalty.queries.members import find_member
from loyalty.queries.stamp_details import event_names, stamps_in
from loyalty.queries.stamps import find_stamp_reward, rewards_of


class StampRewardsQuery(PageQuery, MemberBody):
    member_needed = False
    stamp_program = Text(required=False, max_length=64, help_text="lp_…")


class StampRewardListView(ListView):
    feature = "stamps"
    scopes = {"GET": "redemptions:read"}
    members_may = frozenset({"GET"})
    filters = StampRewardFilters
    paging = StampRewardsQuery

    @operation(
        "list_stamp_rewards",
        "What full stamp cards gave, newest first",
        scope="redemptions:read",
        query=StampRewardsQuery,
        filters=StampRewardFilters,
        answer=stamp_shapes.StampRewardPage,
        example=examples.page(stamp_examples.STAMP_REWARD),
        refusals=["not_found"],
        tag="stamps",
        description="By `created_at`: `from` inclusive, `to` exclusive. `status=issued` is what waits to be paid. With "
        "a member token: the member's own.",
    )
    def get(self, request: Request) -> Response:
        page = self.page(self._rows(self.parameters()))
        names = event_names(row.event_id for row in page.rows)
        return Response(page.as_json([stamp_rendering.stamp_reward(row, names) for row in page.rows]))

    def _rows(self, query: dict[str, Any]) -> QuerySet[StampReward]:
        named, by_token = query.get("member"), self.principal.member is not None
        member_id = None
        if named is not None or by_token:
            try:
                member_id = find_member(environment=self.environment, member=self.own(named)).id
            except NotFound:
                if not by_token:
                    raise
                return StampReward.objects.none()  # their own, of whom nothing is known yet
        return rewards_of(
            environment=self.environment, member_id=member_id, stamp_program=query.get("stamp_program")
        )


class StampRewardView(EngineView):
    feature = "stamps"
    scopes = {"GET": "redemptions:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_stamp_reward",
        "What a full stamp card gave, and its stamps",
        scope="redemptions:read",
        answer=stamp_shapes.StampRewardWithStamps,
        example=stamp_examples.STAMP_REWARD_WITH_STAMPS,
        refusals=["not_found"],
        tag="stamps",
    )
    def get(self, request: Request, stamp_reward_id: str) -> Response:
        found = find_stamp_reward(environment=self.environment, reward=key_of(stamp_reward_id))
        if self.principal.member is not None:
            own = find_member(environment=self.environment, member=self.own(None))
            if found.member_id != own.pk:
                raise _missing(stamp_reward_id)
        return Response(shown(found))


class StampPaymentBody(Body):
    reference = Text(
        required=False,
        max_length=MAX_REFERENCE,
        help_text="Such as the payment's number; its member may read it.",
    )


class PayView(EngineView):
    feature = "stamps"
    scopes = {"POST": "redemptions:write"}

    @operation(
        "pay_stamp_reward",
        "Say that it was paid",
        scope="redemptions:write",
        body=StampPaymentBody,
        request_example={"reference": "PAYOUT-4711"},
        answer=stamp_shapes.StampRewardWithStamps,
        example=stamp_examples.PAID_STAMP_REWARD,
        refusals=["not_found", "stamp_reward_closed"],
        writes=True,
        tag="stamps",
        description="Once, of one that waits to be paid; the money itself is yours to move. A paid reward stands, "
        "whatever is refunded later: the card then owes the stamps.",
    )
    def post(self, request: Request, stamp_reward_id: str) -> Response:
        body = self.body(StampPaymentBody)
        return self.write(
            pay_stamp_reward,
            shown,
            reward=key_of(stamp_reward_id),
            actor=self.actor,
            now=self.now,
            **{"reference": None, **body},
        )


def shown(row: StampReward) -> dict[str, Any]:
    """A reward with its stamps; two statements."""
    stamps = stamps_in(row)
    names = event_names([row.event_id, *(stamp.event_id for stamp in stamps)])
    return stamp_rendering.stamp_reward(row, names) | {
        "stamps": [stamp_rendering.stamp(stamp, names) for stamp in stamps]
    }


def key_of(stamp_reward_id: str) -> UUID:
    """The key in an `sr_` id. Raises NotFound for any other text."""
    key = parse_public("sr", stamp_reward_id)
    if key is None:
        raise _missing(stamp_reward_id)
    return key


def _missing(stamp_reward_id: str) -> NotFound:
    return NotFound(f"There is no stamp reward {stamp_reward_id!r} in this environment.")
