"""client.tokens, client.analytics, client.audit_events, client.plans, client.sandbox"""

from datetime import date, datetime
from typing import Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    AuditEvent,
    ChallengeFigures,
    ClockBody,
    Environment,
    LiabilityAnalytics,
    MemberAnalytics,
    Plan,
    PointsAnalytics,
    RewardAnalytics,
    StampRow,
    TierAnalytics,
    Token,
    TokenBody,
)


class Tokens(Resource):
    """Tokens with which a customer's own app calls the engine."""

    def create(
        self, member_id: str, *, idempotency_key: str | None = None, **body: Unpack[TokenBody]
    ) -> Token:
        """Issue a token for one customer."""
        return self._write(Token, "POST", path("members", member_id, "tokens"), body, idempotency_key)


class Analytics(Resource):
    """Figures of a period."""

    def points(
        self,
        *,
        from_: date | str | None = None,
        to: date | str | None = None,
        metric: str | None = None,
        program: str | None = None,
    ) -> PointsAnalytics:
        """What moved the points of a metric, by day; `from_` and `to` are local days, both inclusive; without them,
        the last 30 days."""
        query = {"from": from_, "to": to, "metric": metric, "program": program}
        return self._read(PointsAnalytics, path("analytics", "points"), query)

    def liability(
        self,
        *,
        from_: date | str | None = None,
        to: date | str | None = None,
        metric: str | None = None,
        program: str | None = None,
    ) -> LiabilityAnalytics:
        """What is outstanding now, by the month in which it expires, and at the end of each day of the period."""
        query = {"from": from_, "to": to, "metric": metric, "program": program}
        return self._read(LiabilityAnalytics, path("analytics", "liability"), query)

    def members(self, *, from_: date | str | None = None, to: date | str | None = None) -> MemberAnalytics:
        """New and active customers by day, and how many there were."""
        return self._read(MemberAnalytics, path("analytics", "members"), {"from": from_, "to": to})

    def tiers(
        self, *, from_: date | str | None = None, to: date | str | None = None, program: str | None = None
    ) -> TierAnalytics:
        """How many hold each level, now and at the period's end, and who rose and fell on which day."""
        query = {"from": from_, "to": to, "program": program}
        return self._read(TierAnalytics, path("analytics", "tiers"), query)

    def rewards(
        self,
        *,
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
        program: str | None = None,
    ) -> RewardAnalytics:
        """What was redeemed, by how many, and what became of the codes; without a period, of the last 30 days. Days
        are both inclusive; of instants, `to` is exclusive."""
        query = {"from": from_, "to": to, "program": program}
        return self._read(RewardAnalytics, path("analytics", "rewards"), query)

    def challenges(
        self,
        *,
        status: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[ChallengeFigures]:
        """Of each challenge: how many began, completed each mission, and completed all of it."""
        query = {"status": status, "program": program, "limit": limit, "order": order, "cursor": cursor}
        return self._page(ChallengeFigures, path("analytics", "challenges"), query)

    def stamps(
        self,
        *,
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
        status: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[StampRow]:
        """Of each stamp program: at how many stamps its members stand now, what full cards gave, and what happened on
        each day of the period."""
        narrowed = {"from": from_, "to": to, "status": status, "program": program}
        query = {**narrowed, "limit": limit, "order": order, "cursor": cursor}
        return self._page(StampRow, path("analytics", "stamps"), query)


class AuditEvents(Resource):
    """Who changed what, and when."""

    def list(
        self,
        *,
        verb: str | None = None,
        actor_id: str | None = None,
        event_id: str | None = None,
        trace_id: str | None = None,
        from_: datetime | str | None = None,
        to: datetime | str | None = None,
        limit: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        cursor: str | None = None,
    ) -> Page[AuditEvent]:
        query = {
            "verb": verb,
            "actor_id": actor_id,
            "event_id": event_id,
            "trace_id": trace_id,
            "from": from_,
            "to": to,
            "limit": limit,
            "order": order,
            "cursor": cursor,
        }
        return self._page(AuditEvent, path("audit-events"), query)


class Plans(Resource):
    """What the organization's plan allows."""

    def retrieve(self) -> Plan:
        """Each limit with what is used of it, and the features."""
        return self._read(Plan, path("plan"))


class Sandbox(Resource):
    """What only sandboxes can."""

    def set_clock(self, *, idempotency_key: str | None = None, **body: Unpack[ClockBody]) -> Environment:
        """Set the environment's time, so that years can be tried in a minute."""
        return self._write(Environment, "POST", path("sandbox", "clock"), body, idempotency_key)

    def reset(self, *, idempotency_key: str | None = None) -> Environment:
        """Archive all data of the sandbox and go on in an empty one that is configured alike."""
        return self._write(Environment, "POST", path("sandbox", "reset"), {}, idempotency_key)
