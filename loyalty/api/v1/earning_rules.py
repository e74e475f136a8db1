"""/v1/earning-rules: drafts, and their publication."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from loyalty.actions.configuration import configure_once
from loyalty.actions.points import find_metric, find_program
from loyalty.api.common.fields import Body, Choice, Instant, Integer, JsonObject, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes, examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.limits import Caps, Schedule
from loyalty.api.v1.lists import ListView, PageQuery
from programs.actions.publish import archive, publish, roll_back
from programs.actions.rules import save_rule
from programs.event_types import EVENT_TYPE
from programs.models import EarningRule, EarningRuleRevision
from programs.models.metrics import MAX_POINTS as MAX_BUDGET
from programs.queries.snapshots import snapshot

RULE_ID = r"^rul_[A-Za-z0-9_-]{1,60}\Z"
MAX_JSON = 64 * 1024  # bytes, of a condition or an award
AWARDS = (
    'One of {"kind": "fixed", "points": 100}; {"kind": "per_amount", "field": "data.amount", "rate": "2", '
    '"step": "1"}; {"kind": "per_item", "each": "quantity | line | amount", "points": "2", "where": {…}}; '
    '{"kind": "multiplier", "factor": "2"}; {"kind": "referral", "member": 100, "referrer": 200}.'
)


class RuleChanges(Body):
    name = Text(required=False, max_length=200)
    event_type = Pattern(EVENT_TYPE, required=False)
    condition = JsonObject(required=False, max_bytes=MAX_JSON, help_text="docs/conditions.md; {}: always.")
    award = JsonObject(required=False, max_bytes=MAX_JSON, help_text=AWARDS)
    metric = Text(required=False, max_length=50)
    entry_type = Choice(
        choices=EarningRule.EntryType.choices,
        required=False,
        help_text="Tiers and multiplying rules raise what is earned, never a bonus. earned, if absent.",
    )
    priority = Integer(required=False, min_value=-1000, max_value=1000, help_text="Higher comes first.")
    exclusive_group = Pattern(
        r"^[A-Za-z0-9_-]{0,50}\Z",
        required=False,
        allow_blank=True,
        help_text="Of the rules in one group the best wins. Empty: none.",
    )
    caps = Caps(
        max_length=9, required=False, help_text="What one member gets at most; in the project's zone."
    )
    budget = Integer(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=MAX_BUDGET,
        help_text="Points that it gives to all members together, ever; null: no limit.",
    )
    starts_at = Instant(required=False, allow_null=True, help_text="Only events from then on.")
    ends_at = Instant(required=False, allow_null=True, help_text="Only events before then.")
    schedule = Schedule(required=False, help_text="Weekdays and hours in the project's zone; {}: always.")


class RuleBody(RuleChanges):
    id = Pattern(RULE_ID, required=False, help_text="Chosen, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    name = Text(max_length=200)
    event_type = Pattern(EVENT_TYPE)
    award = JsonObject(max_bytes=MAX_JSON, help_text=AWARDS)


class RuleListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_earning_rules",
        "Earning rules",
        scope="config:read",
        query=PageQuery,
        answer=shapes.EarningRulePage,
        example=examples.page(examples.RULE),
        tag="earning rules",
    )
    def get(self, request: Request) -> Response:
        rows = EarningRule.objects.filter(environment=self.environment).select_related("program", "metric")
        return self.listed(rows.prefetch_related("revisions"), rendering.earning_rule)

    @operation(
        "create_earning_rule",
        "Draft an earning rule",
        scope="config:write",
        body=RuleBody,
        request_example={
            "name": "1 point per £1",
            "event_type": "purchase",
            "award": {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"},
        },
        answer=shapes.EarningRuleShape,
        example=examples.RULE | {"status": "draft", "revision": None, "effective_from": None},
        status=201,
        refusals=["not_found", "program_not_found"],
        writes=True,
        tag="earning rules",
        description="A draft has no effect until it is published.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(RuleBody)
        config = snapshot(self.environment)
        program = find_program(config, body.pop("program", "default"))
        body["metric"] = find_metric(config, body.get("metric"), program.code)
        if "id" in body:
            body["public_id"] = body.pop("id")
        return saved(self, EarningRule(environment=self.environment, program=program), body, 201)


class RuleView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}

    @operation(
        "retrieve_earning_rule",
        "An earning rule",
        scope="config:read",
        answer=shapes.EarningRuleShape,
        example=examples.RULE,
        refusals=["not_found"],
        tag="earning rules",
    )
    def get(self, request: Request, rule_id: str) -> Response:
        return Response(rendering.earning_rule(find_rule(self, rule_id)))

    @operation(
        "update_earning_rule",
        "Change the draft of an earning rule",
        scope="config:write",
        body=RuleChanges,
        request_example={"priority": 10},
        answer=shapes.EarningRuleShape,
        example=examples.RULE,
        refusals=["not_found"],
        writes=True,
        tag="earning rules",
        description="What is in force stays so until the draft is published.",
    )
    def patch(self, request: Request, rule_id: str) -> Response:
        body = self.body(RuleChanges)
        rule = find_rule(self, rule_id)
        if "metric" in body:
            body["metric"] = find_metric(snapshot(self.environment), body["metric"], rule.program.code)
        return saved(self, rule, body, 200)


class PublishView(EngineView):
    scopes = {"POST": "config:write"}

    @operation(
        "publish_earning_rule",
        "Put the draft into force",
        scope="config:write",
        answer=shapes.EarningRuleShape,
        example=examples.RULE,
        refusals=["not_found"],
        writes=True,
        tag="earning rules",
        description="Makes an immutable revision, in force from the environment's now on. Publishing an unchanged "
        "draft changes nothing.",
    )
    def post(self, request: Request, rule_id: str) -> Response:
        return self._revised(publish, rule_id)

    def _revised(self, action: Any, rule_id: str, **arguments: Any) -> Response:
        rule = find_rule(self, rule_id)

        def change() -> EarningRule:
            action(environment=self.environment, rule=rule, actor=self.actor, now=self.now, **arguments)
            return find_rule(self, rule_id)

        return self.write(configure_once, rendering.earning_rule, change=change)


class ArchiveView(PublishView):
    @operation(
        "archive_earning_rule",
        "Take the rule out of force",
        scope="config:write",
        answer=shapes.EarningRuleShape,
        example=examples.RULE | {"status": "archived"},
        refusals=["not_found"],
        writes=True,
        tag="earning rules",
        description="What it gave stays.",
    )
    def post(self, request: Request, rule_id: str) -> Response:
        return self._revised(archive, rule_id)


class RollBackBody(Body):
    revision = Integer(min_value=1, max_value=10**9, help_text="Its number.")


class RollBackView(PublishView):
    @operation(
        "roll_back_earning_rule",
        "Put an earlier revision into force again",
        scope="config:write",
        body=RollBackBody,
        request_example={"revision": 1},
        answer=shapes.EarningRuleShape,
        example=examples.RULE | {"revision": 3},
        refusals=["not_found"],
        writes=True,
        tag="earning rules",
        description="The draft becomes what that revision says, and is published as a new revision, in force from the "
        "environment's now on. What was given in between stays.",
    )
    def post(self, request: Request, rule_id: str) -> Response:
        return self._revised(roll_back, rule_id, number=self.body(RollBackBody)["revision"])


class RevisionListView(ListView):
    scopes = {"GET": "config:read"}
    key = ("number",)

    @operation(
        "list_earning_rule_revisions",
        "Revisions of an earning rule",
        scope="config:read",
        query=PageQuery,
        answer=earning_shapes.RevisionPage,
        example=examples.page(earning_examples.REVISION),
        refusals=["not_found"],
        tag="earning rules",
        description="What was in force, and from when; `definition` is null where the rule was archived.",
    )
    def get(self, request: Request, rule_id: str) -> Response:
        rule = find_rule(self, rule_id)
        config = snapshot(self.environment)
        return self.listed(
            EarningRuleRevision.objects.filter(rule=rule), lambda row: rendering.revision(row, config)
        )


def saved(view: EngineView, rule: EarningRule, changes: dict[str, Any], status: int) -> Response:
    return view.write(
        configure_once,
        rendering.earning_rule,
        http_status=status,
        change=lambda: save_rule(environment=view.environment, rule=rule, actor=view.actor, changes=changes),
    )


def find_rule(view: EngineView, rule_id: str) -> EarningRule:
    """The rule by its public id. Raises NotFound; also for another environment's."""
    check_text(rule_id, "rule_id")
    rules = EarningRule.objects.filter(environment=view.environment, public_id=rule_id)
    rule = rules.select_related("program", "metric").first()
    if rule is None:
        raise NotFound(f"There is no earning rule {rule_id!r} in this environment.")
    return rule
