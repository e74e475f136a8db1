"""Events are stored, and cause what the published rules say (domain.md 4)."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.errors import EventIdReused, EventTooLate, MemberFrozen, ProgramNotFound
from loyalty.models import Account, Event, EventCount, LedgerEntry, Member
from loyalty.queries.events import RecordedEvent
from programs.actions.configure import configure
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.models import Environment, Program
from tests import factories
from tests.factories import PER_POUND, make_actor, make_member, make_metric, make_rule

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")


def report(environment: Environment, event_id: str = "order-1", **changes: Any) -> RecordedEvent:
    return factories.report(environment, event_id, **{"now": NOW, **changes})


def counts(environment: Environment) -> tuple[int, int, int, int, int]:
    own = {"environment_id": environment.id}
    return (
        Member.objects.filter(**own).count(),
        Event.objects.filter(**own).count(),
        LedgerEntry.objects.filter(**own).count(),
        EventCount.objects.filter(**own).count(),
        AuditEvent.objects.filter(**own).count(),
    )


def test_a_purchase_earns_by_the_published_rule(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW)
    found = report(environment)
    entry = LedgerEntry.objects.get(environment_id=environment.id)
    assert [made.id for made in found.entries] == [entry.id]
    assert (entry.type, entry.points, entry.reason) == ("earned", 59, "1 point per £1")
    assert entry.event_id == found.event.id
    assert entry.rule_revision_id == rule.revisions.get().id
    assert entry.origin == f"rule:{rule.id}"


def test_a_draft_has_no_effect_and_the_event_is_stored(environment: Environment) -> None:
    make_rule(environment, published=False)
    assert report(environment).entries == []
    assert Event.objects.get(environment_id=environment.id).data == {"amount": "59.90"}
    assert EventCount.objects.get(environment_id=environment.id).count == 1


def test_every_matching_rule_awards_once_and_the_event_explains_each(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    big = {"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}
    bigger = {"all": [{"field": "data.amount", "op": "gte", "value": "60"}]}
    make_rule(environment, name="50+", award={"kind": "fixed", "points": 10}, condition=big, published_at=NOW)
    make_rule(
        environment, name="60+", award={"kind": "fixed", "points": 99}, condition=bigger, published_at=NOW
    )
    found = report(environment)
    assert sorted(entry.points for entry in found.entries) == [10, 59]
    explanation = Event.objects.get(environment_id=environment.id).explanation
    outcomes = {verdict["name"]: verdict["outcome"] for verdict in explanation["verdicts"]}
    assert outcomes == {"1 point per £1": "awarded", "50+": "awarded", "60+": "condition_failed"}


def test_the_same_event_again_is_a_duplicate_that_answers_the_same(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    first = report(environment)
    before = counts(environment)
    again = report(environment, now=NOW + timedelta(days=400))
    assert (first.duplicate, again.duplicate) == (False, True)
    assert again.event.id == first.event.id
    assert [entry.id for entry in again.entries] == [entry.id for entry in first.entries]
    assert counts(environment) == before


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"amount": "59.91"}},
        {"type": "visit"},
        {"member": "grace"},
        {"occurred_at": NOW - timedelta(days=1)},
        {"program": "default"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_an_event_id_is_not_taken_for_other_content(environment: Environment, change: dict[str, Any]) -> None:
    make_rule(environment, published_at=NOW)
    report(environment)
    before = counts(environment)
    with pytest.raises(EventIdReused):
        report(environment, **change)
    assert counts(environment) == before


def test_a_late_event_uses_the_revision_that_held_then(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW - timedelta(days=20))
    double = {"award": {**PER_POUND, "rate": "2"}}
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes=double)
    publish(environment=environment, rule=rule, actor=make_actor(), now=NOW - timedelta(days=10))
    points = [
        report(environment, f"order-{days}", occurred_at=NOW - timedelta(days=days)).entries
        for days in (25, 15, 5)
    ]
    assert [[entry.points for entry in entries] for entries in points] == [[], [59], [118]]


def test_an_archived_rule_awards_nothing_from_then_on(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW - timedelta(days=20))
    archive(environment=environment, rule=rule, actor=make_actor(), now=NOW - timedelta(days=10))
    earlier = report(environment, "order-1", occurred_at=NOW - timedelta(days=11))
    later = report(environment, "order-2")
    assert ([entry.points for entry in earlier.entries], later.entries) == ([59], [])


def test_a_late_award_expires_from_when_the_event_happened(environment: Environment) -> None:
    make_metric(environment, expiry="days", expiry_count=10)
    make_rule(environment, published_at=NOW - timedelta(days=30))
    report(environment, occurred_at=NOW - timedelta(days=12))
    entries = LedgerEntry.objects.filter(environment_id=environment.id).order_by("sequence")
    assert [(entry.type, entry.points) for entry in entries] == [("earned", 59), ("expired", -59)]
    assert entries[1].occurred_at == NOW - timedelta(days=2)


@pytest.mark.parametrize(
    ("days", "refusal"), [(-30.01, EventTooLate), (-29.99, None), (0.003, None), (0.01, InvalidRequest)]
)
def test_events_are_taken_for_thirty_days_and_not_from_the_future(
    environment: Environment, days: float, refusal: type[Exception] | None
) -> None:
    before = counts(environment)
    if refusal:
        with pytest.raises(refusal):
            report(environment, occurred_at=NOW + timedelta(days=days))
        assert counts(environment) == before
    else:
        assert report(environment, occurred_at=NOW + timedelta(days=days)).event.occurred_at


def test_an_event_without_program_reaches_all_active_programs_and_else_the_named_one(
    environment: Environment,
) -> None:
    make_rule(environment, published_at=NOW)
    club = configure(
        environment=environment,
        instance=Program(environment=environment),
        actor=make_actor(),
        changes={"code": "club", "name": "Club"},
    )
    assert [entry.points for entry in report(environment, "order-1").entries] == [59]
    assert report(environment, "order-2", program="club").entries == []
    assert [entry.points for entry in report(environment, "order-3", program="default").entries] == [59]
    with pytest.raises(ProgramNotFound):
        report(environment, "order-4", program="nope")
    default = Program.objects.get(environment=environment, code="default")
    configure(environment=environment, instance=default, actor=make_actor(), changes={"status": "paused"})
    assert report(environment, "order-5").entries == []
    assert report(environment, "order-6", program=club.public_id).entries == []


def test_member_facts_reach_the_rules(environment: Environment) -> None:
    make_member(environment, attributes={"country": "NG"})
    condition = {
        "all": [
            {"field": "member.attributes.country", "op": "eq", "value": "NG"},
            {"field": "member.event_count.purchase", "op": "gte", "value": 1},
        ]
    }
    make_rule(environment, award={"kind": "fixed", "points": 5}, condition=condition, published_at=NOW)
    assert [len(report(environment, f"order-{n}").entries) for n in range(3)] == [0, 1, 1]


def test_amounts_stay_exact_decimals(environment: Environment) -> None:
    report(environment, data={"amount": Decimal("0.10"), "rate": Decimal("12345678901234567.89")})
    stored = Event.objects.get(environment_id=environment.id)
    assert stored.data == {"amount": Decimal("0.10"), "rate": Decimal("12345678901234567.89")}


def test_too_much_data_is_refused_and_leaves_nothing(environment: Environment) -> None:
    before = counts(environment)
    with pytest.raises(InvalidRequest) as refusal:
        report(environment, data={"note": "x" * 32_768})
    assert refusal.value.errors[0].field == "data"
    assert counts(environment) == before


def test_a_frozen_members_event_is_refused_and_leaves_nothing(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    make_member(environment, status="frozen")
    before = counts(environment)
    with pytest.raises(MemberFrozen):
        report(environment)
    assert counts(environment) == before


def test_one_event_is_audited_once_with_its_effects(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    before = set(AuditEvent.objects.filter(environment_id=environment.id).values_list("id", flat=True))
    found = report(environment)
    rows = AuditEvent.objects.filter(environment_id=environment.id).exclude(id__in=before)
    assert sorted(rows.values_list("verb", "event_id")) == [
        ("event.recorded", "order-1"),
        ("points.earned", "order-1"),
    ]
    assert set(rows.values_list("trace_id", flat=True)) == {found.event.trace_id}
    assert set(rows.values_list("project_id", flat=True)) == {environment.project_id}


def test_points_of_a_till_whose_clock_is_ahead_can_be_spent_at_once(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    found = report(environment, occurred_at=NOW + timedelta(seconds=3))
    account = Account.objects.get(environment_id=environment.id)
    assert (account.balance, account.pending) == (59, 0)
    assert found.event.occurred_at == NOW + timedelta(seconds=3)
    assert found.entries[0].occurred_at == NOW


def test_the_same_instant_in_another_zone_is_the_same_event(environment: Environment) -> None:
    report(environment, occurred_at=datetime.fromisoformat("2026-03-02T11:00:00+00:00"))
    again = report(environment, occurred_at=datetime.fromisoformat("2026-03-02T12:00:00+01:00"))
    assert again.duplicate


def test_a_duplicate_is_answered_though_its_program_has_another_name_by_now(environment: Environment) -> None:
    report(environment, program="default")
    program = Program.objects.get(environment=environment)
    configure(environment=environment, instance=program, actor=make_actor(), changes={"code": "renamed"})
    assert report(environment, program="default").duplicate


def test_an_event_keeps_what_a_refund_will_need(environment: Environment) -> None:
    make_member(environment, attributes={"country": "NG", "email": "ada@example.com"})
    condition = {"all": [{"field": "member.attributes.country", "op": "eq", "value": "NG"}]}
    make_rule(environment, condition=condition, published_at=NOW)
    bought = report(environment, data={"amount": "59.90", "currency": "gbp"}).event
    stored = Event.objects.get(pk=bought.pk)
    assert (stored.amount, stored.currency) == (Decimal("59.90"), "GBP")
    assert stored.facts == {
        "attributes": {"country": "NG"},
        "age_days": 0,
        "event_counts": {},
        "revisions": [stored.explanation["verdicts"][0]["revision_id"]],
    }
    refund = report(environment, "refund-1", type="refund", data={"purchase": "order-1", "amount": "5"}).event
    assert Event.objects.get(pk=refund.pk).purchase_id == bought.id
