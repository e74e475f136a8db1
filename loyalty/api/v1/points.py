"""/v1/points: award, redeem, adjust, and a customer's history (LoyalPro document)."""

from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import InvalidRequest, PermissionRefused
from loyalty.actions.points import ADJUSTMENT_REASONS, MAX_POINTS, adjust, award, find_metric, spend
from loyalty.api.common.fields import Body, Choice, ExternalId, Instant, Integer, JsonObject, Text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, reward_shapes, shapes
from loyalty.api.v1.docs import HISTORY_WINDOW, operation
from loyalty.api.v1.filters import EntryFilters
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.redeeming import REDEEM_REFUSALS, redeemed
from loyalty.models import LedgerEntry
from loyalty.queries.history import history_of, owner_name
from loyalty.queries.members import find_member
from loyalty.queries.windows import windows_of
from programs.models import Environment
from programs.queries.snapshots import snapshot

PROGRAM = "Code or id; any program, if absent. By its id also one that another project shares with yours."


class MemberBody(Body):
    """`customer_id` and `member_id` are the same; one of them must be there."""

    any_of = ("customer_id", "member_id")
    member_needed: ClassVar[bool] = True
    customer_id = ExternalId(required=False, help_text="The customer, by your own id.")
    member_id = ExternalId(required=False, help_text="The same as customer_id.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not self.member_needed and not any(name in attrs for name in self.any_of):
            return attrs
        member = take_one(attrs, *self.any_of)
        return {**attrs, "member": member}


def take_one(attrs: dict[str, Any], *names: str) -> str:
    """Take the id that stands under either of these names out of `attrs`.

    Raises ValidationError, on the first name, where there is none, or two different ones.
    """
    given = {attrs.pop(name) for name in names if name in attrs}
    if len(given) != 1:
        code, detail = (
            ("required", "Name the customer.") if not given else ("invalid", "Send only one of both.")
        )
        raise serializers.ValidationError({names[0]: serializers.ErrorDetail(detail, code)})
    return str(given.pop())


class AwardBody(MemberBody):
    points = Integer(min_value=1, max_value=MAX_POINTS)
    reason = Text(required=False, help_text="Shown in the history.")
    type = Choice(choices=["earned", "bonus"], required=False)
    metadata = JsonObject(required=False, help_text="Kept with the transaction.")
    expires_at = Instant(required=False, help_text="Overrides the metric's expiry.")
    metric = Text(required=False, max_length=50, help_text="points, if absent.")
    program = Text(required=False, max_length=64, help_text=PROGRAM)


class AwardView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "award_points",
        "Award points",
        scope="points:write",
        body=AwardBody,
        request_example={"customer_id": "cus_abc123", "points": 100, "reason": "Purchase"},
        answer=shapes.Transaction,
        example=examples.TRANSACTION,
        status=201,
        refusals=[
            "plan_limit_exceeded",
            "not_found",
            "program_not_found",
            "member_frozen",
            "maximum_reached",
        ],
        writes=True,
        tag="points",
        description="`expires_at` in the past is accepted: earned and expired, two transactions. A metric's maximum "
        "cuts the award; `requested` then says what was asked for.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(AwardBody)
        place = self.reached(body.get("program"))
        return self.write(
            award,
            lambda entry: transaction(entry, place, body["member"]),
            http_status=201,
            environment=place,
            actor=self.actor,
            now=self.now_at(place),
            **{"reason": None, **body},
        )


class RedeemBody(MemberBody):
    points = Integer(
        min_value=0,
        max_value=MAX_POINTS,
        required=False,
        help_text="With a reward of a fixed cost it may be left out; else it must be the cost itself.",
    )
    reward_id = Text(required=False, max_length=64)
    reason = Text(required=False)
    metadata = JsonObject(required=False)
    metric = Text(required=False, max_length=50, help_text="points, if absent.")
    program = Text(required=False, max_length=64, help_text=PROGRAM)


class RedeemView(EngineView):
    scopes = {"POST": "points:write"}

    @operation(
        "redeem_points",
        "Spend points",
        scope="points:write",
        body=RedeemBody,
        request_example={"customer_id": "cus_abc123", "points": 200, "reason": "Voucher"},
        answer=reward_shapes.RedemptionOrSpend,
        example=examples.PLAIN_SPEND,
        status=201,
        refusals=[*REDEEM_REFUSALS, "program_not_found"],
        writes=True,
        tag="points",
        description="With `reward_id`: the reward is bought, as by `POST /v1/offer/redeem`, and the answer is the "
        "redemption, with its `code` and `discount_amount`; this takes the scope `redemptions:write` as well. Without "
        "it: a plain spend of `points`. Lots are taken by earliest expiry, then oldest first.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(RedeemBody)
        reward = body.pop("reward_id", None)
        if reward is not None:
            return self._bought(reward, body)
        if "points" not in body:
            raise InvalidRequest.field("points", "required", "Say how many points to spend.")
        place = self.reached(body.get("program"))
        return self.write(
            spend,
            lambda entry: redemption(entry, place, body["member"]),
            http_status=201,
            environment=place,
            actor=self.actor,
            now=self.now_at(place),
            **{"reason": None, **body},
        )

    def _bought(self, reward: str, body: dict[str, Any]) -> Response:
        if not self.principal.may("redemptions:write"):
            raise PermissionRefused(
                "To redeem a reward takes the scope 'redemptions:write'.", scope="redemptions:write"
            )
        for name in ("metric", "program"):
            if name in body:
                raise InvalidRequest.field(name, "invalid", "A reward is paid in its own; leave it out.")
        return redeemed(self, body.pop("member"), reward, body)


class AdjustBody(MemberBody):
    points = Integer(min_value=-MAX_POINTS, max_value=MAX_POINTS, help_text="Signed: 50 gives, -50 takes.")
    reason = Choice(choices=list(ADJUSTMENT_REASONS))
    note = Text(help_text="Why, in words; it stands in the audit trail.")
    metric = Text(required=False, max_length=50, help_text="points, if absent.")


class AdjustView(EngineView):
    scopes = {"POST": "points:adjust"}

    @operation(
        "adjust_points",
        "Adjust points by hand",
        scope="points:adjust",
        body=AdjustBody,
        request_example={
            "customer_id": "cus_abc123",
            "points": 100,
            "reason": "goodwill",
            "note": "Parcel was late",
        },
        answer=shapes.Transaction,
        example=examples.ADJUSTMENT,
        status=201,
        refusals=[
            "not_found",
            "insufficient_balance",
            "maximum_reached",
            "approval_required",
            "feature_not_in_plan",
        ],
        writes=True,
        tag="points",
        description="Never takes more than can be spent. Above the program's `adjustment_limit`, alone or with what "
        "the same key has moved of this customer's within 24 hours, a second person is needed: `approval_required`.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(AdjustBody)
        return self.write(
            adjust,
            lambda entry: transaction(entry, self.environment, body["member"]),
            http_status=201,
            actor=self.actor,
            now=self.now,
            **body,
        )


class HistoryQuery(PageQuery, MemberBody):
    member_needed = False  # the member's own token says who it is
    metric = Text(required=False, max_length=50, help_text="points, if absent.")
    program = Text(required=False, max_length=64, help_text=PROGRAM)


class HistoryView(ListView):
    scopes = {"GET": "points:read"}
    members_may = frozenset({"GET"})
    filters = EntryFilters
    paging = HistoryQuery
    key = ("sequence",)

    @operation(
        "list_points",
        "A customer's points history",
        scope="points:read",
        query=HistoryQuery,
        filters=EntryFilters,
        answer=shapes.TransactionPage,
        example=examples.page(examples.TRANSACTION),
        refusals=["not_found", "program_not_found"],
        tag="points",
        description="By `occurred_at`: `from` inclusive, `to` exclusive. In the ledger's order (`sequence`). To a "
        "member token `actor`, `trace_id`, the counterpart's `customer_id` and an adjustment's `metadata` are null, "
        "and so they are of what another project wrote in a program that it shares with yours.\n\n"
        + HISTORY_WINDOW,
    )
    def get(self, request: Request) -> Response:
        query = self.parameters()
        place = self.reached(query.get("program"))
        metric = find_metric(snapshot(place), query.get("metric"), query.get("program"))
        member = find_member(environment=place, member=self.own(query.get("member")))
        windows = windows_of(place, self.now_at(place))
        since = windows.of(metric.program_id) if windows else None
        rows = history_of(member_id=member.id, metric=metric, since=since)

        def shown(entry: LedgerEntry) -> dict[str, Any]:
            theirs = place.via is None or entry.via_environment_id == place.via.guest_id
            by_key = self.principal.member is None
            show = rendering.transaction if by_key and theirs else rendering.own_transaction
            return show(entry, member.external_id, metric.code)

        return self.listed(rows, shown, **rendering.history_from(since))


def transaction(entry: LedgerEntry, environment: Environment, named: str) -> dict[str, Any]:
    """An entry just made for the member that the call named; after a merge it is the survivor's."""
    member = owner_name(environment=environment, member_id=entry.member_id, named=named)
    return rendering.transaction(entry, member, entry.account.metric.code)


def redemption(entry: LedgerEntry, environment: Environment, named: str) -> dict[str, Any]:
    """A plain spend in the frame of a redemption: no reward, hence no code and no discount."""
    return transaction(entry, environment, named) | {
        "reward_id": None,
        "code": None,
        "discount_amount": None,
    }
