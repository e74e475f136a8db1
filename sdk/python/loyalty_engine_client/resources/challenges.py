"""client.challenges, client.milestone_sets, client.coupons, client.member_apps"""

from typing import Literal, Unpack

from loyalty_engine_client.pages import Page
from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import (
    Challenge,
    ChallengeBody,
    ChallengeChanges,
    Coupon,
    CouponBody,
    CouponChanges,
    MemberApp,
    MemberAppChanges,
    MilestoneSet,
    MilestoneSetBody,
    MilestoneSetChanges,
)

Order = Literal["asc", "desc"]


class Challenges(Resource):
    """Missions to do, and what who has done them all gets; of one customer, see client.customers.challenges."""

    def list(
        self,
        *,
        status: str | None = None,
        program: str | None = None,
        limit: int | None = None,
        order: Order | None = None,
        cursor: str | None = None,
    ) -> Page[Challenge]:
        query = {"status": status, "program": program, "limit": limit, "order": order, "cursor": cursor}
        return self._page(Challenge, path("challenges"), query)

    def retrieve(self, challenge_id: str) -> Challenge:
        return self._read(Challenge, path("challenges", challenge_id))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[ChallengeBody]) -> Challenge:
        """Make a challenge; a draft, unless `status` says more."""
        return self._write(Challenge, "POST", path("challenges"), body, idempotency_key)

    def update(
        self, challenge_id: str, *, idempotency_key: str | None = None, **body: Unpack[ChallengeChanges]
    ) -> Challenge:
        """`missions` and `rewards`, if sent, replace the whole lists; a mission is known by its id."""
        return self._write(Challenge, "PATCH", path("challenges", challenge_id), body, idempotency_key)


class MilestoneSets(Resource):
    """Thresholds on a metric's total."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[MilestoneSet]:
        query = {"limit": limit, "order": order, "cursor": cursor}
        return self._page(MilestoneSet, path("milestone-sets"), query)

    def retrieve(self, milestone_set_id: str) -> MilestoneSet:
        return self._read(MilestoneSet, path("milestone-sets", milestone_set_id))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[MilestoneSetBody]) -> MilestoneSet:
        return self._write(MilestoneSet, "POST", path("milestone-sets"), body, idempotency_key)

    def update(
        self,
        milestone_set_id: str,
        *,
        idempotency_key: str | None = None,
        **body: Unpack[MilestoneSetChanges],
    ) -> MilestoneSet:
        """`milestones`, if sent, replaces the whole list; a milestone is known by its id."""
        where = path("milestone-sets", milestone_set_id)
        return self._write(MilestoneSet, "PATCH", where, body, idempotency_key)


class Coupons(Resource):
    """What challenges give to be used elsewhere: items of the inventory set `coupons`."""

    def list(
        self, *, limit: int | None = None, order: Order | None = None, cursor: str | None = None
    ) -> Page[Coupon]:
        query = {"limit": limit, "order": order, "cursor": cursor}
        return self._page(Coupon, path("coupons"), query)

    def retrieve(self, coupon: str) -> Coupon:
        return self._read(Coupon, path("coupons", coupon))

    def create(self, *, idempotency_key: str | None = None, **body: Unpack[CouponBody]) -> Coupon:
        return self._write(Coupon, "POST", path("coupons"), body, idempotency_key)

    def update(
        self, coupon: str, *, idempotency_key: str | None = None, **body: Unpack[CouponChanges]
    ) -> Coupon:
        """`coupon`: its id. Members who have it see the change; a code of their own stays as it was given."""
        return self._write(Coupon, "PATCH", path("coupons", coupon), body, idempotency_key)


class MemberApps(Resource):
    """How the members' own app reaches the environment."""

    def retrieve(self) -> MemberApp:
        return self._read(MemberApp, path("member-app"))

    def update(self, *, idempotency_key: str | None = None, **body: Unpack[MemberAppChanges]) -> MemberApp:
        """Lists are replaced whole."""
        return self._write(MemberApp, "PATCH", path("member-app"), body, idempotency_key)
