"""/v1/challenges: challenges as they are set up, and how far a customer is with them (domain.md 8)."""

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_program
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import challenge_examples, challenge_rendering, challenge_shapes, examples
from loyalty.api.v1.challenge_bodies import (
    ChallengeBody,
    ChallengeChanges,
    in_challenge_words,
    missions_of,
    rewards_of,
    settings_of,
)
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import ChallengeFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.queries.challenges import challenge_states, challenges_in, find_challenge
from loyalty.queries.members import find_member
from programs.actions.challenges import save_challenge
from programs.models import Challenge
from programs.queries.snapshots import snapshot


class ChallengeListView(ListView):
    feature = "challenges"
    scopes = {"GET": "config:read", "POST": "config:write"}
    filters = ChallengeFilters

    @operation(
        "list_challenges",
        "Challenges",
        scope="config:read",
        query=PageQuery,
        filters=ChallengeFilters,
        answer=challenge_shapes.ChallengePage,
        example=examples.page(challenge_examples.CHALLENGE),
        refusals=["feature_not_in_plan"],
        tag="challenges",
    )
    def get(self, request: Request) -> Response:
        return self.listed(challenges_in(self.environment), challenge_rendering.challenge)

    @operation(
        "create_challenge",
        "Make a challenge",
        scope="config:write",
        body=ChallengeBody,
        request_example=challenge_examples.CHALLENGE_REQUEST,
        answer=challenge_shapes.ChallengeShape,
        example=challenge_examples.NEW_CHALLENGE,
        status=201,
        refusals=["feature_not_in_plan", "program_not_found"],
        writes=True,
        tag="challenges",
        description="A draft, unless `status` says otherwise. A customer who has completed all missions, by events "
        "that happen while it is active and in its dates, gets its rewards: once, or once in each local day, week or "
        "month.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(ChallengeBody)
        program = find_program(snapshot(self.environment), body.pop("program", "default"))
        new = Challenge(environment=self.environment, program=program)
        if "id" in body:
            new.public_id = body.pop("id")
        return saved(self, new, body, 201)


class ChallengeView(EngineView):
    feature = "challenges"
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_challenge",
        "A challenge",
        scope="config:read",
        answer=challenge_shapes.ChallengeShape,
        example=challenge_examples.CHALLENGE,
        refusals=["not_found"],
        tag="challenges",
    )
    def get(self, request: Request, challenge_id: str) -> Response:
        return Response(challenge_rendering.challenge(found(self, challenge_id)))

    @operation(
        "update_challenge",
        "Change a challenge",
        scope="config:write",
        body=ChallengeChanges,
        request_example={"status": "paused"},
        answer=challenge_shapes.ChallengeShape,
        example=challenge_examples.CHALLENGE | {"status": "paused"},
        refusals=["not_found"],
        writes=True,
        tag="challenges",
        description="Customers keep their progress. `missions` and `rewards` are whole lists: a mission is known by "
        "its `id`, and one that is left out blocks nobody any more. Who is complete by a lower target or without a "
        "removed mission gets the rewards within minutes, from a worker. What has begun is no draft again and keeps "
        "`per`, and what its missions count; what has `ended` stays so.",
    )
    def patch(self, request: Request, challenge_id: str) -> Response:
        body = self.body(ChallengeChanges)
        return saved(self, found(self, challenge_id), body, 200)


def found(view: EngineView, challenge_id: str) -> Challenge:
    """By its id. Raises NotFound; also for another environment's."""
    check_text(challenge_id, "challenge_id")
    return find_challenge(environment=view.environment, challenge=challenge_id)


def saved(view: EngineView, challenge: Challenge, body: dict[str, Any], status: int) -> Response:
    def change() -> Challenge:
        rewards = rewards_of(body, snapshot(view.environment))
        try:
            made = save_challenge(
                environment=view.environment,
                challenge=challenge,
                actor=view.actor,
                now=view.now,
                changes=settings_of(body),
                missions=missions_of(body),
                rewards=rewards,
            )
        except InvalidRequest as refusal:
            raise in_challenge_words(refusal, rewards) from refusal
        return challenges_in(view.environment).get(pk=made.pk)

    return view.write(configure_once, challenge_rendering.challenge, http_status=status, change=change)


class CustomerChallengesView(EngineView):
    feature = "challenges"
    scopes = {"GET": "members:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_customer_challenges",
        "How far a customer is with challenges",
        scope="members:read",
        answer=challenge_shapes.MemberChallenges,
        example=challenge_examples.MEMBER_CHALLENGES,
        refusals=["not_found"],
        tag="challenges",
        description="In the order of the app, each in the period that is running: those that are active, and those "
        "that the customer has begun or completed.",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        member = find_member(environment=self.environment, member=self.own(customer_id))
        states = challenge_states(environment=self.environment, member=member, now=self.now)
        shown = [challenge_rendering.member_challenge(state) for state in states]
        return Response({"member_id": member.external_id, "data": shown})


@extend_schema_view(get=extend_schema(operation_id="retrieve_member_challenges"))
class MemberChallengesView(CustomerChallengesView):
    """The same by its other name."""
