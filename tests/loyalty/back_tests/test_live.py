"""A back-test of a draft that equals what is published answers what live events really gave."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from audit.errors import DomainError
from loyalty.actions import back_tests
from loyalty.actions.events import record_batch
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.models import Event, LedgerEntry, Member, Referral
from loyalty.queries.events import ReportedEvent
from programs.actions.rules import save_rule
from programs.models import EarningRule, Environment
from tests.factories import give, make_actor, make_ladder, make_member, make_metric, make_rule, reload
from tests.loyalty.back_tests.past import BEGIN, days, tried

pytestmark = pytest.mark.django_db

MEMBERS = ("ada", "bob", "cy", "dee", "eve", "flo")
RULES: dict[str, dict[str, Any]] = {
    "Pounds": {"caps": [{"per": "day", "points": 60}, {"per": "event", "points": 45}]},
    "Large": {
        "award": {"kind": "fixed", "points": 10},
        "condition": {"field": "data.amount", "op": "gte", "value": "40"},
        "exclusive_group": "extra",
    },
    "Weekend": {
        "award": {"kind": "fixed", "points": 12},
        "schedule": {"weekdays": [6, 7]},
        "exclusive_group": "extra",
        "caps": [{"per": "month", "times": 3}],
    },
    "Double": {
        "award": {"kind": "multiplier", "factor": "2"},
        "schedule": {"weekdays": [5, 6, 7]},
        "caps": [{"per": "week", "points": 40}],
    },
    "First": {
        "award": {"kind": "fixed", "points": 25},
        "condition": {"field": "member.event_count.purchase", "op": "eq", "value": 0},
        "entry_type": "bonus",
        "budget": 110,
    },
    "Silver": {
        "award": {"kind": "fixed", "points": 3},
        "condition": {"field": "member.tier", "op": "eq", "value": "silver"},
    },
    "Vips": {
        "award": {"kind": "fixed", "points": 2},
        "condition": {"field": "member.attributes.vip", "op": "eq", "value": True},
        "priority": 5,
    },
    "Friends": {
        "award": {"kind": "referral", "member": 30, "referrer": 50},
        "condition": {"field": "data.amount", "op": "gte", "value": "30"},
        "caps": [{"per": "ever", "points": 80}],
    },
}


class Shop:
    """A month of purchases, of which some are refunded at its end; with awards by hand, levels and referrals,
    and attributes that are others today."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.rules = {
            name: make_rule(environment, name=name, published_at=BEGIN - days(99), **rule)
            for name, rule in RULES.items()
        }
        make_ladder(environment, ("silver", "150", "1.25"), ("gold", "400", "1.5"), days=30)
        for member in MEMBERS:
            make_member(environment, member, attributes={"vip": member < "d"})
        for member, through in (("bob", "ada"), ("cy", "ada"), ("dee", "ada"), ("eve", "flo")):
            self.refer(member, through)

    def refer(self, member: str, through: str) -> None:
        common: dict[str, Any] = {"actor": make_actor(), "now": BEGIN}
        code = referral_code_of(environment=reload(self.environment), member=through, **common)
        refer(environment=reload(self.environment), member=member, code=code.code, **common)

    def trade(self) -> None:
        chosen, sold = random.Random(3), []
        for day in range(31):
            events = []
            for second in sorted(chosen.randrange(86400) for _ in range(8)):
                data = {"amount": f"{chosen.randrange(500, 7000) / 100:.2f}"}
                at = BEGIN + timedelta(days=day, seconds=second)
                order = f"order-{day}-{second}"
                events.append(ReportedEvent(order, "purchase", chosen.choice(MEMBERS), data, at))
            self.report(events, day)
            sold += events
        refunds = [
            ReportedEvent(f"back-{one.event_id}", "refund", one.member, {"purchase": one.event_id})
            for one in chosen.sample(sold, 40)
        ]
        self.report(refunds, 31)
        Member.objects.filter(environment=self.environment).update(attributes={"vip": False})

    def report(self, events: list[ReportedEvent], day: int) -> None:
        results = record_batch(
            environment=reload(self.environment), events=events, actor=make_actor(), now=BEGIN + days(day + 1)
        )
        assert not [result for result in results if isinstance(result, DomainError)]
        give(self.environment, 10, "flo", now=BEGIN + days(day + 1))


def caused(environment: Environment, rule: EarningRule | None = None) -> Counter[str]:
    """What purchases gave in the ledger by day, all or through one rule, before any refund."""
    entries = LedgerEntry.objects.filter(environment_id=environment.pk, type__in=["earned", "bonus"])
    own = entries.filter(event__type="purchase")
    referrals = Referral.objects.filter(environment_id=environment.pk, referrer_entry_id__isnull=False)
    days: Counter[str] = Counter()
    for entry in own.filter(origin=f"rule:{rule.pk}") if rule else own:
        days[day_of(entry.event)] += entry.points
    for referral in referrals.select_related("event") if not rule or rule.name == "Friends" else ():
        assert referral.referrer_entry_id is not None
        days[day_of(referral.event)] += entries.get(pk=referral.referrer_entry_id).points
    return days


def day_of(event: Event | None) -> str:
    assert event is not None
    return event.occurred_at.date().isoformat()


def test_the_draft_that_is_published_gives_what_was_given(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 50)
    shop = Shop(environment)
    shop.trade()
    given = caused(environment)
    through = {name: caused(environment, rule).total() for name, rule in shop.rules.items()}
    assert {name for name, points in through.items() if points == 0} == {"Double"}, "in others' entries"
    assert through["Friends"] == 4 * 30 + 80 + 50
    for name, rule in shop.rules.items():
        found = tried(environment, rule)
        assert found["would"] == found["given"] == given.total(), name
        assert found["this_rule"] == found["this_rule_given"] > 0, name
        if name != "Double":
            assert found["this_rule_given"] == through[name], name
        assert found["days"] == [
            {"day": day, "would": points, "given": points} for day, points in sorted(given.items())
        ]
        assert (found["events"], found["members_affected"], found["most_affected"]) == (248, 0, [])
    first = tried(environment, shop.rules["First"])
    assert first["budget"] == {"limit": 110, "spent": 110}


def test_a_changed_draft_differs_by_what_was_changed(environment: Environment) -> None:
    shop = Shop(environment)
    shop.trade()
    rule = shop.rules["First"]
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes={"budget": None})
    found = tried(environment, rule)
    assert found["would"] - found["given"] == 6 * 25 - 110 == found["this_rule"] - found["this_rule_given"]
    assert found["members_affected"] == 2
    assert sorted(one["would"] - one["given"] for one in found["most_affected"]) == [15, 25]
    assert found["budget"] is None
    save_rule(
        environment=environment,
        rule=shop.rules["Friends"],
        actor=make_actor(),
        changes={"caps": [], "award": {"kind": "referral", "member": 30, "referrer": 70}},
    )
    found = tried(environment, shop.rules["Friends"])
    ada, flo = 3 * 70 - 80, 70 - 50
    assert found["this_rule"] - found["this_rule_given"] == ada + flo
    assert [one["would"] - one["given"] for one in found["most_affected"]] == [ada, flo]


def test_what_was_given_is_of_one_metric_and_before_it_expired(environment: Environment) -> None:
    make_metric(environment, expiry="days", expiry_count=1)
    make_metric(environment, "coins")
    award = {"kind": "fixed", "points": 7}
    since = BEGIN - days(99)
    pounds = make_rule(environment, published_at=since)
    coins = make_rule(environment, name="Coins", award=award, metric="coins", published_at=since)
    late = ReportedEvent("order-1", "purchase", "ada", {"amount": "10"}, BEGIN)
    record_batch(environment=reload(environment), events=[late], actor=make_actor(), now=BEGIN + days(3))
    rows = LedgerEntry.objects.filter(environment_id=environment.pk).order_by("id")
    assert sorted(rows.values_list("type", "points")) == [("earned", 7), ("earned", 10), ("expired", -10)]
    for rule, points in ((pounds, 10), (coins, 7)):
        found = tried(environment, rule)
        assert found["would"] == found["given"] == found["this_rule_given"] == points
