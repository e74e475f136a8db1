"""A metric's maximum limits what is given: cut, said in the answer, and refused where nothing fits (domain.md 2)."""

from typing import Any

import pytest

from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import award, balance, done, reverse, spend
from tests.api.world import changed, digest
from tests.conftest import Api


@pytest.fixture(autouse=True)
def _limited(environment: Any) -> None:
    factories.make_metric(environment, maximum=100)


def test_an_award_is_cut_to_what_fits_and_says_what_was_asked(api: Api) -> None:
    assert award(api, 80)["requested"] is None
    cut = award(api, 50)
    assert (cut["points"], cut["balance_after"], cut["requested"], cut["nominal"]) == (20, 100, 50, None)
    assert api.get(f"/v1/transactions/{cut['id']}").json() == cut


def test_an_award_or_adjustment_that_does_not_fit_at_all_is_refused_and_changes_nothing(api: Api) -> None:
    award(api, 100)
    before = digest()
    adjust = {"customer_id": "ada", "points": 1, "reason": "goodwill", "note": "n"}
    for path, body in (
        ("/v1/points/award", {"customer_id": "ada", "points": 1}),
        ("/v1/points/adjust", adjust),
    ):
        problem = assert_problem(api.post(path, body), "maximum_reached")
        assert (problem["maximum"], problem["total"]) == (100, 100)
    assert changed(before, digest()) == {}


def test_a_rules_award_that_does_not_fit_leaves_no_transaction_and_the_event_stands(
    api: Api, environment: Any
) -> None:
    factories.make_rule(environment)
    award(api, 90)
    event = {"event_id": "e1", "type": "purchase", "customer_id": "ada", "data": {"amount": "30"}}
    (effect,) = done(api.post("/v1/events", event))["effects"]
    assert (effect["transaction"]["points"], effect["transaction"]["requested"]) == (10, 30)
    assert done(api.post("/v1/events", event | {"event_id": "e2"}))["effects"] == []
    assert balance(api) == 100


def test_what_is_given_back_may_exceed_it(api: Api) -> None:
    award(api, 100)
    spent = spend(api, 60)
    award(api, 60)
    assert reverse(api, spent)["points_balance"] == 160
    assert balance(api) == 160
