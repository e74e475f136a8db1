"""A key adjusts up to the program's limit; above it a second person is needed (domain.md 9.3)."""

import pytest

from programs.models import Environment
from tests.api.test_problems import assert_problem
from tests.api.world import changed, digest
from tests.conftest import Api

pytestmark = pytest.mark.django_db
BODY = {"customer_id": "ada", "reason": "goodwill", "note": "Parcel was late"}


def test_the_limit_counts_what_the_same_key_has_moved_today(api: Api, environment: Environment) -> None:
    assert api.get("/v1/programs/default").json()["adjustment_limit"] is None
    program = api.patch("/v1/programs/default", {"adjustment_limit": 1000}).json()
    assert program["adjustment_limit"] == 1000
    kept = api.post("/v1/points/adjust", BODY | {"points": 900}, Idempotency_Key="a")
    assert kept.status_code == 201
    before = digest()
    problem = assert_problem(api.post("/v1/points/adjust", BODY | {"points": 101}), "approval_required")
    assert (problem["limit"], problem["adjusted"]) == (1000, 900)
    assert_problem(api.post("/v1/points/adjust", BODY | {"points": 1001}), "approval_required")
    assert changed(before, digest()) == {}
    again = api.post("/v1/points/adjust", BODY | {"points": 900}, Idempotency_Key="a")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (kept.json(), "true")


def test_a_plan_without_approvals_takes_no_limit_and_moves_nothing_above_one(
    api: Api, environment: Environment
) -> None:
    api.patch("/v1/programs/default", {"adjustment_limit": 1000})
    plan = environment.project.organization.plan
    plan.features = []
    plan.save()
    before = digest()
    for call in (
        lambda: api.post("/v1/points/adjust", BODY | {"points": 1001}),
        lambda: api.patch("/v1/programs/default", {"adjustment_limit": 2000}),
        lambda: api.post("/v1/programs", {"code": "vip", "name": "VIP", "adjustment_limit": 5}),
    ):
        assert assert_problem(call(), "feature_not_in_plan")["feature"] == "approvals"
    assert changed(before, digest()) == {}
    assert api.patch("/v1/programs/default", {"adjustment_limit": None}).status_code == 200
