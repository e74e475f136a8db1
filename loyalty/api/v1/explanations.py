"""/v1/events/{id}/explain and /v1/events/dry-run: why an event gave what it gave, and what one would give."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.events import dry_run
from loyalty.api.common.fields import ExternalId, Pattern
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.earning_rules import RULE_ID, find_rule
from loyalty.api.v1.events import REFUSALS, EventBody
from loyalty.api.v1.explaining import explanation
from loyalty.queries.events import RecordedEvent, ReportedEvent, find_shown_event


class ExplainView(EngineView):
    scopes = {"GET": "events:read"}

    @operation(
        "explain_event",
        "Why an event gave what it gave",
        scope="events:read",
        answer=earning_shapes.ExplanationShape,
        example=earning_examples.EXPLANATION,
        refusals=["not_found"],
        tag="events",
        description="The verdict of each rule of the event's type, as it was then: whether it matched, or the part of "
        "its condition that failed; each step of the arithmetic in words and figures (base, multiplier, rounding, "
        "cap, budget, maximum); and who won its exclusive group. Then what it put into the ledger, and what is left "
        "of that now; and what each of the customer's stamp cards and each mission made of it. Of a refund: what the "
        "purchase had earned and what is left of it. After retention `verdicts`, `stamps` and `challenges` are empty.",
    )
    def get(self, request: Request, event_id: str) -> Response:
        check_text(event_id, "event_id")
        found = find_shown_event(environment=self.environment, event_id=event_id, now=self.now)
        return Response(explanation(found, self.environment, self.now))


class DryRunBody(EventBody):
    event_id = ExternalId(required=False, help_text="dry-run, if absent; of no consequence.")
    rule = Pattern(
        RULE_ID, required=False, help_text="An earning rule whose draft counts in place of what is in force."
    )


class DryRunView(EngineView):
    scopes = {"POST": "events:read"}

    @operation(
        "dry_run_event",
        "What an event would give",
        scope="events:read",
        body=DryRunBody,
        request_example=earning_examples.DRY_RUN_REQUEST,
        answer=earning_shapes.ExplanationShape,
        example=earning_examples.DRY_RUN,
        refusals=["not_found", *REFUSALS],
        tag="events",
        description="The same arithmetic as POST /v1/events, for this customer as they are now; nothing is written. "
        "`rule` tries the draft of an earning rule. The transactions have ids, but exist nowhere.",
    )
    def post(self, request: Request) -> Response:
        body: dict[str, Any] = {"event_id": "dry-run", **self.body(DryRunBody)}
        rule = body.pop("rule", None)
        found: RecordedEvent = dry_run(
            environment=self.environment,
            event=ReportedEvent(**body),
            actor=self.actor,
            now=self.now,
            draft=find_rule(self, rule) if rule else None,
        )
        found.event.event_id = body["event_id"]  # it was run under one that is new for sure
        return Response(explanation(found, self.environment, self.now))
