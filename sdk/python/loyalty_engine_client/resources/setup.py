"""client.programs, client.program_shares, client.metrics, client.earning_rules, client.back_tests, client.tiers"""

from datetime import datetime
from typing import Literal, Unpack

from loyalty_engine_client import shapes
from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import BackTest, EarningRule, Ladder, Metric, Program, ProgramShare

Order = Literal["asc", "desc"]


def _paging(limit: int | None, order: Order | None, cursor: str | None) -> dict[str, int | str | None]:
    return {"limit": limit, "order": order, "cursor": cursor}


class Programs(Resource):
    """Loyalty programs; `default` is there from the start."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[Program]:
        return self._page(Program, path("programs"), _paging(limit, order, cursor))

    def retrieve(self, program: str) -> Program:
        """By code or id."""
        return self._read(Program, path("programs", program))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[shapes.ProgramBody]) -> Program:
        return self._write(Program, "POST", path("programs"), body, idempotency_key)

    def update(
        self, program: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.ProgramChanges]
    ) -> Program:
        return self._write(Program, "PATCH", path("programs", program), body, idempotency_key)


class ProgramShares(Resource):
    """Programs that another project of the organization may use, and those that you may."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[ProgramShare]:
        return self._page(ProgramShare, path("program-shares"), _paging(limit, order, cursor))

    def retrieve(self, program_share_id: str) -> ProgramShare:
        return self._read(ProgramShare, path("program-shares", program_share_id))

    def create(
        self, *, idempotency_key: str | None = None, **body: Unpack[shapes.ProgramShareBody]
    ) -> ProgramShare:
        return self._write(ProgramShare, "POST", path("program-shares"), body, idempotency_key)

    def revoke(self, program_share_id: str, *, idempotency_key: str | None = None) -> ProgramShare:
        """The next call that names the program is refused."""
        where = path("program-shares", program_share_id)
        return self._write(ProgramShare, "DELETE", where, {}, idempotency_key)


class Metrics(Resource):
    """What is counted: points, and whatever else."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[Metric]:
        return self._page(Metric, path("metrics"), _paging(limit, order, cursor))

    def retrieve(self, metric: str) -> Metric:
        """By code or id."""
        return self._read(Metric, path("metrics", metric))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[shapes.MetricBody]) -> Metric:
        return self._write(Metric, "POST", path("metrics"), body, idempotency_key)

    def update(
        self, metric: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.MetricChanges]
    ) -> Metric:
        return self._write(Metric, "PATCH", path("metrics", metric), body, idempotency_key)


class EarningRules(Resource):
    """What an event gives. A draft takes effect when it is published."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[EarningRule]:
        return self._page(EarningRule, path("earning-rules"), _paging(limit, order, cursor))

    def retrieve(self, rule_id: str) -> EarningRule:
        return self._read(EarningRule, path("earning-rules", rule_id))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[shapes.RuleBody]) -> EarningRule:
        """Make a draft."""
        return self._write(EarningRule, "POST", path("earning-rules"), body, idempotency_key)

    def update(
        self, rule_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.RuleChanges]
    ) -> EarningRule:
        """Change the draft; what is published stays in force until the next `publish`."""
        return self._write(EarningRule, "PATCH", path("earning-rules", rule_id), body, idempotency_key)

    def publish(self, rule_id: str, *, idempotency_key: str | None = None) -> EarningRule:
        return self._do(rule_id, "publish", idempotency_key)

    def archive(self, rule_id: str, *, idempotency_key: str | None = None) -> EarningRule:
        return self._do(rule_id, "archive", idempotency_key)

    def roll_back(
        self, rule_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.RollBackBody]
    ) -> EarningRule:
        """Publish an earlier revision anew."""
        return self._write(
            EarningRule, "POST", path("earning-rules", rule_id, "roll-back"), body, idempotency_key
        )

    def revisions(
        self,
        rule_id: str,
        *,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[shapes.Revision]:
        """What was published, and when."""
        where = path("earning-rules", rule_id, "revisions")
        return self._page(shapes.Revision, where, _paging(limit, order, cursor))

    def back_test(
        self, rule_id: str, *, from_: datetime | str, to: datetime | str, idempotency_key: str | None = None
    ) -> BackTest:
        """Try the draft on the events of the past; the result is fetched by client.back_tests.retrieve."""
        where = path("earning-rules", rule_id, "back-test")
        return self._write(BackTest, "POST", where, {"from": from_, "to": to}, idempotency_key)

    def _do(self, rule_id: str, what: str, key: str | None) -> EarningRule:
        return self._write(EarningRule, "POST", path("earning-rules", rule_id, what), {}, key)


class BackTests(Resource):
    """Tries of a rule on the past."""

    def retrieve(self, back_test_id: str) -> BackTest:
        """`result` is there once its status is `done`."""
        return self._read(BackTest, path("back-tests", back_test_id))


class Tiers(Resource):
    """Ladders of levels, such as Bronze, Silver, Gold."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[Ladder]:
        return self._page(Ladder, path("tiers"), _paging(limit, order, cursor))

    def retrieve(self, ladder_id: str) -> Ladder:
        return self._read(Ladder, path("tiers", ladder_id))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[shapes.LadderBody]) -> Ladder:
        return self._write(Ladder, "POST", path("tiers"), body, idempotency_key)

    def update(
        self, ladder_id: str, *, idempotency_key: str | None = None, **body: Unpack[shapes.LadderChanges]
    ) -> Ladder:
        """`levels`, if sent, replaces the whole list."""
        return self._write(Ladder, "PATCH", path("tiers", ladder_id), body, idempotency_key)
