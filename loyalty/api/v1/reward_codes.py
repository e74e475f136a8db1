"""/v1/rewards/{id}/codes: the codes that a tenant uploads for a reward, and those that were issued."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest
from loyalty.actions.codes import MOST, Added, add_codes, look_at_list, remove_codes
from loyalty.api.common.fields import Body, Choice, Flag
from loyalty.api.common.parsing import StrictJSONParser
from loyalty.api.v1 import examples, reward_examples, reward_rendering, reward_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.reward_bodies import in_wire_words
from loyalty.api.v1.rewards import reward_of
from loyalty.queries.code_lists import codes_of
from loyalty.queries.taken import codes_left
from programs.models import Reward


class LargeJSONParser(StrictJSONParser):
    """A JSON object of up to `settings.LARGEST_BODY` bytes."""

    max_body = settings.LARGEST_BODY


@extend_schema_field({"type": "array", "minItems": 1, "maxItems": MOST, "items": {"type": "string"}})
class Codes(serializers.Field[list[str], Any, Any, Any]):
    """A list of texts; what a code may look like is for the action to say, of each by its line."""

    default_error_messages = {
        "invalid": "Must be a list of strings.",
        "length": f"Give 1 to {MOST:,} codes.",
    }

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(code, str) for code in data):
            self.fail("invalid")
        if not 1 <= len(data) <= MOST:
            self.fail("length")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class CodesBody(Body):
    codes = Codes(help_text="Each 1 to 100 characters without spaces, once in the environment.")
    dry_run = Flag(required=False, help_text="true: say what would be added, and add nothing.")


class CodesQuery(PageQuery):
    status = Choice(
        choices=["available", *reward_shapes.CODE_STATES], required=False, help_text="As it stands now."
    )


class CodeListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write", "DELETE": "config:write"}
    parser_classes = [LargeJSONParser]
    paging = CodesQuery

    @operation(
        "list_reward_codes",
        "Codes of a reward",
        scope="config:read",
        query=CodesQuery,
        answer=reward_shapes.CodePage,
        example=examples.page(reward_examples.CODE),
        refusals=["not_found"],
        tag="rewards",
        description="The uploaded ones, and those that were issued.",
    )
    def get(self, request: Request, reward_id: str) -> Response:
        reward = reward_of(self, reward_id)
        rows = codes_of(reward=reward, now=self.now, status=self.parameters().get("status"))
        return self.listed(rows, lambda row: reward_rendering.code(row, self.now))

    @operation(
        "add_reward_codes",
        "Upload codes",
        scope="config:write",
        body=CodesBody,
        request_example=reward_examples.CODES_REQUEST,
        answer=reward_shapes.CodesAdded,
        example=reward_examples.CODES_ADDED,
        refusals=["not_found"],
        writes=True,
        tag="rewards",
        description=f"Up to {MOST:,} codes and 8 MiB at once, of a reward whose `code.source` is `pool`. They are "
        "issued in this order, each once. What is here already, or is no code, is counted and left out; the rest is "
        "added.",
    )
    def post(self, request: Request, reward_id: str) -> Response:
        body = self.body(CodesBody)
        reward = reward_of(self, reward_id)
        try:
            return self._added(reward, **body)
        except InvalidRequest as refusal:
            raise in_wire_words(refusal) from refusal

    def _added(self, reward: Reward, *, codes: list[str], dry_run: bool = False) -> Response:
        if dry_run:
            self.idempotency(lambda _: (200, ""))  # refused alike, though there is nothing to guard
            found = look_at_list(environment=self.environment, reward=reward, codes=codes)
            return Response(shown(reward, found))
        return self.write(
            add_codes,
            lambda found: shown(reward, found),
            reward=reward,
            codes=codes,
            actor=self.actor,
            now=self.now,
        )

    @operation(
        "remove_reward_codes",
        "Remove the codes that nobody has",
        scope="config:write",
        answer=reward_shapes.CodesRemoved,
        example=reward_examples.CODES_REMOVED,
        refusals=["not_found"],
        writes=True,
        tag="rewards",
        description="All of the pool that are still `available`. Codes that were issued stay as they are.",
    )
    def delete(self, request: Request, reward_id: str) -> Response:
        reward = reward_of(self, reward_id)
        return self.write(
            remove_codes,
            lambda count: {"removed": count},
            reward=reward,
            actor=self.actor,
            now=self.now,
        )


def shown(reward: Reward, found: Added) -> dict[str, Any]:
    """What became of a list of codes; one statement, for what is in the pool."""
    return {
        "added": found.added,
        "duplicates": found.duplicates,
        "invalid": found.invalid,
        "problems": [problem.to_json() for problem in found.problems],
        "available": codes_left([reward.pk], most=None)[reward.pk],
    }
