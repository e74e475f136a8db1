"""/v1/members/{id}/balances: now, or as of any instant (domain.md 3.9)."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.points import find_program
from loyalty.api.common.fields import Body, Choice, Instant, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.rendering import instant
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.points import PROGRAM
from loyalty.models import Member
from loyalty.queries.balances import Balance, balances_as_of, balances_of, open_lots_of
from loyalty.queries.history import entries_of_lots
from loyalty.queries.members import find_member, find_member_then
from programs.models import Environment
from programs.queries.snapshots import snapshot


class BalancesQuery(Body):
    as_of = Instant(
        required=False, help_text="What was true at this instant of the environment's time; now, if absent."
    )
    recorded_as_of = Instant(
        required=False,
        help_text="What a read answered at this instant of real time; all is counted, if absent.",
    )
    program = Text(required=False, max_length=64, help_text=PROGRAM)
    lots = Choice(
        choices=["true", "false"], required=False, help_text="true: with the open lots. false, if absent."
    )


class BalancesView(EngineView):
    scopes = {"GET": "points:read"}
    members_may = frozenset({"GET"})

    @operation(
        "retrieve_balances",
        "A member's balance in each metric",
        scope="points:read",
        query=BalancesQuery,
        answer=shapes.Balances,
        example=examples.BALANCES,
        refusals=["not_found", "program_not_found"],
        tag="customers",
        description="Right now: what has expired is gone, even if no job has run. Or as of an instant that does not "
        "lie in the future: by business time (`as_of`), by recorded time (`recorded_as_of`), or by both. "
        "Of somebody who was merged away, an instant before the merge answers their own balances.",
    )
    def get(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        own = self.own(customer_id)
        query = self.query(BalancesQuery)
        with_lots = query.pop("lots", "false") == "true"
        program = query.pop("program", None)
        place = self.reached(program)
        owner = find_program(snapshot(place), program) if program else None
        member = self._member(place, own, query)
        now = self.now_at(place)
        balances = self._balances(place, member, query, now)
        found = [each for each in balances if owner is None or each.metric.program_id == owner.id]
        data = [rendering.balance(each) for each in found]
        if with_lots:
            data = [
                shown | {"lots": lots}
                for shown, lots in zip(data, self._lots(member, query, found, now), strict=True)
            ]
        return Response(
            {
                "member_id": member.external_id,
                "as_of": instant(query.get("as_of", None if query else now)),
                "recorded_as_of": instant(query.get("recorded_as_of")),
                "data": data,
            }
        )

    def _member(self, place: Environment, customer_id: str, instants: dict[str, datetime]) -> Member:
        if not instants:
            return find_member(environment=place, member=customer_id)
        return find_member_then(
            environment=place,
            member=customer_id,
            as_of=instants.get("as_of"),
            recorded_as_of=instants.get("recorded_as_of"),
        )

    def _balances(
        self, place: Environment, member: Member, instants: dict[str, datetime], now: datetime
    ) -> list[Balance]:
        if not instants:
            return balances_of(environment=place, member_id=member.id, now=now)
        return balances_as_of(environment=place, member_id=member.id, now=now, **instants)

    def _lots(
        self, member: Member, instants: dict[str, datetime], balances: list[Balance], now: datetime
    ) -> list[list[dict[str, Any]]]:
        """The open lots of each balance, in the order of spending."""
        if instants:
            lots = [list(each.lots) for each in balances]
        else:
            by_metric = open_lots_of(member_id=member.id, now=now)
            lots = [by_metric.get(each.metric.id, []) for each in balances]
        made_by = entries_of_lots(lot.id for of_one in lots for lot in of_one)
        return [[rendering.lot(lot, made_by[lot.id]) for lot in of_one] for of_one in lots]


@extend_schema_view(get=extend_schema(operation_id="retrieve_member_balances"))
class MemberBalancesView(BalancesView):
    """The same by its other name."""
