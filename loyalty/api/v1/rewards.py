"""/v1/rewards: the catalogue as it is set up, and as one member has it (domain.md 5)."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, NotFound
from loyalty.actions.catalogue import UNCHANGED, save_reward
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_metric, find_program
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, reward_examples, reward_rendering, reward_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import RewardFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.points import MemberBody
from loyalty.api.v1.reward_bodies import RewardBody, RewardChanges, in_wire_words, settings_of
from loyalty.api.v1.reward_uses import check_uses
from loyalty.queries.rewards import catalogue, find_reward, rewards_of, stock_of
from loyalty.queries.taken import codes_left
from programs.actions.pictures import store_picture
from programs.models import Program, Reward
from programs.pictures import picture_path
from programs.queries.snapshots import snapshot

_HIDDEN = (Reward.Status.DRAFT, Reward.Status.ARCHIVED)  # from members


class RewardQuery(MemberBody):
    member_needed = False


class RewardsQuery(PageQuery, RewardQuery):
    pass


class RewardListView(ListView):
    scopes = {"GET": "redemptions:read", "POST": "config:write"}
    members_may = frozenset({"GET"})
    filters = RewardFilters
    paging = RewardsQuery

    @operation(
        "list_rewards",
        "Rewards, as set up or as a customer has them",
        scope="redemptions:read",
        query=RewardsQuery,
        filters=RewardFilters,
        answer=reward_shapes.RewardOrOfferPage,
        example=examples.page(reward_examples.OFFER),
        tag="rewards",
        description="With `customer_id`, and always with a member token: what the rewards cost this customer now, "
        "whether they are `eligible`, and if not, all the `reasons`, each as the error that redeeming would answer; "
        "without drafts and archived ones. A customer who is not known yet is judged as a new one. Without a "
        "customer: the rewards as they are set up.",
    )
    def get(self, request: Request) -> Response:
        member = member_of(self, self.parameters().get("member"))
        rows = rewards_of(self.environment)
        if member is None:
            page = self.page(rows)
            return Response(page.as_json(set_up(self, page.rows)))
        page = self.page(rows.exclude(status__in=_HIDDEN))
        return Response(page.as_json(offered(self, member, page.rows)))

    @operation(
        "create_reward",
        "Make a reward",
        scope="config:write",
        body=RewardBody,
        request_example=reward_examples.REWARD_REQUEST,
        answer=reward_shapes.RewardShape,
        example=reward_examples.NEW_REWARD,
        status=201,
        refusals=["not_found", "program_not_found"],
        writes=True,
        tag="rewards",
        description="A draft, unless `status` says otherwise. What it is paid in, and its program, stay as they are "
        "made.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(RewardBody)
        config = snapshot(self.environment)
        program = find_program(config, body.pop("program", "default"))
        new = Reward(environment=self.environment, program=program)
        new.metric = find_metric(config, body.get("metric"), program.code)
        if "id" in body:
            new.public_id = body.pop("id")
        return saved(self, new, program, body, 201)


class RewardView(EngineView):
    scopes = {"GET": "redemptions:read", "PATCH": "config:write"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_reward",
        "A reward, as set up or as a customer has it",
        scope="redemptions:read",
        query=RewardQuery,
        answer=reward_shapes.RewardOrOffer,
        example=reward_examples.OFFER,
        refusals=["not_found"],
        tag="rewards",
        description="As GET /v1/rewards shows it.",
    )
    def get(self, request: Request, reward_id: str) -> Response:
        member = member_of(self, self.query(RewardQuery).get("member"))
        found = reward_of(self, reward_id)
        if member is None:
            return Response(set_up(self, [found])[0])
        if found.status in _HIDDEN:
            raise NotFound(f"There is no reward {reward_id!r} in this environment.")
        return Response(offered(self, member, [found])[0])

    @operation(
        "update_reward",
        "Change a reward",
        scope="config:write",
        body=RewardChanges,
        request_example={"status": "paused"},
        answer=reward_shapes.RewardShape,
        example=reward_examples.REWARD | {"status": "paused"},
        refusals=["not_found"],
        writes=True,
        tag="rewards",
        description="Counts from the next redemption on; what was sold stays as it was sold. `cost`, `gives`, `limit` "
        "and `code` are replaced whole.",
    )
    def patch(self, request: Request, reward_id: str) -> Response:
        body = self.body(RewardChanges)
        found = reward_of(self, reward_id)
        return saved(self, found, found.program, body, 200)


def saved(view: EngineView, reward: Reward, program: Program, body: dict[str, Any], status: int) -> Response:
    def change() -> Reward:
        check_uses(body, reward)
        changes = settings_of(body, snapshot(view.environment), program)
        if "image" in body:
            data = body["image"]
            changes["picture"] = data and store_picture(environment=view.environment, data=data)
        try:
            made = save_reward(
                environment=view.environment,
                reward=reward,
                actor=view.actor,
                changes=changes,
                stock=body.get("stock", UNCHANGED),
            )
        except InvalidRequest as refusal:
            raise in_wire_words(refusal) from refusal
        return rewards_of(view.environment).get(pk=made.pk)

    return view.write(configure_once, lambda made: set_up(view, [made])[0], http_status=status, change=change)


def member_of(view: EngineView, named: str | None) -> str | None:
    """Whose catalogue is asked for: with a token always its own. None: the set-up is."""
    if named is None and view.principal.member is None:
        return None
    return view.own(named)


def reward_of(view: EngineView, reward_id: str) -> Reward:
    """The reward by its id. Raises NotFound; also for another environment's."""
    check_text(reward_id, "reward_id")
    return find_reward(environment=view.environment, reward=reward_id)


def set_up(view: EngineView, rewards: Collection[Reward]) -> list[dict[str, Any]]:
    """Rewards as they are configured; two statements."""
    keys = [reward.pk for reward in rewards]
    stock, left = stock_of(keys), codes_left(keys)
    return [
        reward_rendering.reward(
            reward, stock=stock.get(reward.pk), available=left.get(reward.pk), address=address(view)
        )
        for reward in rewards
    ]


def offered(view: EngineView, member: str, rewards: Sequence[Reward]) -> list[dict[str, Any]]:
    """Rewards as the member has them now; as many statements for one as for a page of them."""
    config = snapshot(view.environment)
    found = catalogue(environment=view.environment, member=member, now=view.now, rewards=rewards)
    return [reward_rendering.offer(one, config, address(view)) for one in found]


def address(view: EngineView) -> reward_rendering.Address:
    """Where pictures are served."""

    def at(picture: UUID) -> str:
        return str(view.request.build_absolute_uri(picture_path(picture)))

    return at
