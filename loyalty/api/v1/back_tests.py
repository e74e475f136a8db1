"""/v1/earning-rules/{id}/back-test and /v1/back-tests/{id}: a draft tried on the past (domain.md 4.2)."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.back_tests import start_back_test
from loyalty.actions.configuration import configure_once
from loyalty.api.common.fields import Body, Instant
from loyalty.api.common.parsing import check_text
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.earning_rules import find_rule
from loyalty.models import BackTest
from loyalty.queries.back_tests import find_back_test, most_affected


class BackTestBody(Body):
    """The events with `from` <= occurred_at < `to`."""

    vars()["from"] = Instant()
    to = Instant(help_text="At most the environment's now, and three years after `from`.")


class StartBackTestView(EngineView):
    scopes = {"POST": "config:write"}

    @operation(
        "back_test_earning_rule",
        "Try the draft on the past",
        scope="config:write",
        body=BackTestBody,
        request_example={"from": "2025-01-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"},
        answer=earning_shapes.BackTestShape,
        example=earning_examples.BACK_TEST | {"status": "queued", "done": 0, "result": None},
        status=202,
        refusals=["not_found"],
        writes=True,
        tag="earning rules",
        description="A worker judges every event of the period by the rules of its time, but by the draft in place of "
        "this rule's own revisions. No ledger row is written. Ask GET /v1/back-tests/{back_test_id} how far it is.",
    )
    def post(self, request: Request, rule_id: str) -> Response:
        body = self.body(BackTestBody)
        rule = find_rule(self, rule_id)
        return self.write(
            configure_once,
            back_test,
            http_status=202,
            change=lambda: start_back_test(
                environment=self.environment,
                rule=rule,
                begins_at=body["from"],
                ends_at=body["to"],
                actor=self.actor,
                now=self.now,
            ),
        )


class BackTestView(EngineView):
    scopes = {"GET": "events:read"}

    @operation(
        "retrieve_back_test",
        "A back-test, and what it found",
        scope="events:read",
        answer=earning_shapes.BackTestShape,
        example=earning_examples.BACK_TEST,
        refusals=["not_found"],
        tag="earning rules",
        description="`done` of `total` events; `result` once its status is `done`: in points of the rule's metric, "
        "what the events would have given by all rules and what they were really given, per local day and for the "
        "customers whom it would change most.",
    )
    def get(self, request: Request, back_test_id: str) -> Response:
        check_text(back_test_id, "back_test_id")
        return Response(back_test(find_back_test(environment=self.environment, back_test=back_test_id)))


def back_test(found: BackTest) -> dict[str, Any]:
    """A back-test as it stands; with a result it takes one statement, for the names."""
    return {
        "id": found.public_id,
        "rule_id": found.rule.public_id,
        "status": found.status,
        "from": instant(found.begins_at),
        "to": instant(found.ends_at),
        "total": found.total,
        "done": found.done,
        "error": found.error or None,
        "created_at": instant(found.created_at),
        "started_at": instant(found.started_at),
        "finished_at": instant(found.finished_at),
        "result": None if found.result is None else _result(found, found.result),
    }


def _result(found: BackTest, kept: dict[str, Any]) -> dict[str, Any]:
    most = [
        {"customer_id": one.member, "would": one.would, "given": one.given} for one in most_affected(found)
    ]
    return kept | {"most_affected": most}
