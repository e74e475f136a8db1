"""Refunds of several purchases at once take from the same account as they do one after the other."""

from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.actions.events import record_batch
from loyalty.actions.points import spend
from loyalty.models import Account, Lot, Uncovered
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment
from tests.factories import make_actor, make_metric, make_rule, reload, report
from tests.loyalty.ledger.checking import check

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("policy", ["debt", "clip", "reject"])
@pytest.mark.parametrize("together", [True, False])
def test_what_one_takes_of_anothers_points_is_taken_elsewhere(
    environment: Environment, policy: str, together: bool
) -> None:
    make_metric(environment, negative_balance=policy)
    make_rule(environment)
    for name, amount in (("p", "100"), ("q", "30"), ("r", "40"), ("s", "40")):
        report(environment, name, data={"amount": amount})
    spend(
        environment=reload(environment),
        member="ada",
        points=60,
        reason=None,
        actor=make_actor(),
        now=timezone.now(),
    )
    refunds = [ReportedEvent(f"of-{name}", "refund", "ada", {"purchase": name}) for name in "pq"]
    for events in [refunds] if together else [[each] for each in refunds]:
        results = record_batch(
            environment=reload(environment), events=events, actor=make_actor(), now=timezone.now()
        )
        assert all(isinstance(result, RecordedEvent) for result in results)
    assert Account.objects.get(environment_id=environment.id).balance == 20
    assert sorted(Lot.objects.filter(environment_id=environment.id).values_list("remaining", flat=True)) == [
        0,
        0,
        0,
        20,
    ]
    assert not Uncovered.objects.filter(environment_id=environment.id).exists()
    check(environment=str(environment.id))


def test_two_entries_of_one_purchase_cover_each_other(environment: Environment) -> None:
    make_rule(environment)
    make_rule(environment, name="Bonus", award={"kind": "fixed", "points": 20}, entry_type="bonus")
    report(environment, "p", data={"amount": "100"})
    report(environment, "q", data={"amount": Decimal(20)})
    spend(
        environment=reload(environment),
        member="ada",
        points=30,
        reason=None,
        actor=make_actor(),
        now=timezone.now(),
    )
    report(environment, "of-p", type="refund", data={"purchase": "p"})
    assert Account.objects.get(environment_id=environment.id).balance == 10
    assert not Uncovered.objects.filter(environment_id=environment.id).exists()
    check(environment=str(environment.id))
