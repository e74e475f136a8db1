"""Purchases of any age are recorded by the rules in force then."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from loyalty.actions.events import record_event
from loyalty.models import Event
from programs.models import Environment
from tests.factories import make_actor, make_rule, reload
from tests.loyalty.imports.files import balances, bring, counts, look, problems, run
from tests.loyalty.imports.test_members import assert_sound


def test_purchases_of_years_ago_earn_what_the_rules_gave_then(environment: Environment) -> None:
    now = timezone.now()
    make_rule(environment, published_at=now - timedelta(days=2))
    record_event(
        environment=reload(environment),
        event_id="known",
        type="purchase",
        member="ada",
        data={"amount": "5.00", "currency": "GBP"},
        occurred_at=now - timedelta(days=1),
        actor=make_actor(),
        now=now,
    )
    day = (now - timedelta(days=1)).isoformat()
    text = (
        "event_id,member_id,occurred_at,amount,currency,items,store\n"
        'e-1,ada,2019-05-17,12.50,GBP,"[{""sku"": ""a"", ""amount"": 12.50}]",Lagos\n'
        f"e-2,bob,{now.isoformat()},40.00,GBP,,\n"
        f"known,ada,{day},5.0,gbp,,\n"
        f"e-2,bob,{day},40.00,GBP,,\n"
        "e-3,bob,2999-01-01,1,,,\n"
        f"e-4,cy,{day},much,,,\n"
    )
    tried = run(look(environment, text, "purchases"), trial=True)
    assert counts(tried) == ("preview", 6, 2, 1, 3)
    assert Event.objects.filter(environment_id=environment.pk).count() == 1

    file = run(tried)
    assert counts(file) == ("done", 6, 2, 1, 3)
    assert problems(file)[5] == "An earlier line says the same: one of the two is too much."
    assert problems(file)[6].startswith("occurred_at: It is ")
    assert problems(file)[7].startswith("amount: A number")
    old = Event.objects.get(environment_id=environment.pk, event_id="e-1")
    assert old.data == {
        "amount": "12.50",
        "currency": "GBP",
        "items": [{"sku": "a", "amount": Decimal("12.50")}],
        "store": "Lagos",
    }
    assert balances(environment) == {("ada", "points"): 5, ("bob", "points"): 40}
    assert counts(bring(environment, text, "purchases")) == ("done", 6, 0, 3, 3)
    assert balances(environment) == {("ada", "points"): 5, ("bob", "points"): 40}
    assert_sound(environment)
