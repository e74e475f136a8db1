"""A draft is tried on a sample or on a stored event: explained whole, and nothing is written."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.admin.samples import FaultySampleError, SampleRow, data_from, parsed, sample_rows
from loyalty.models import Event
from programs.models import EarningRule, Environment
from tests import factories
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "analyst")
    return client


def _url(rule: EarningRule) -> str:
    return f"/console/programs/earningrule/{rule.pk}/try/"


def _draft(environment: Environment, **fields: Any) -> EarningRule:
    award = {"kind": "fixed", "points": 7}
    return factories.make_rule(environment, **{"name": "Draft", "award": award, "published": False, **fields})


def _sample(rows: dict[str, str], member: str = "ada", **more: str) -> dict[str, Any]:
    return {
        "step": "sample",
        "member": member,
        "sample_path": list(rows),
        "sample_value": list(rows.values()),
        "sample_kind": ["text"] * len(rows),
    } | more


def test_a_sample_is_judged_by_the_draft_and_by_the_rules_in_force(
    analyst: Client, environment: Environment
) -> None:
    factories.make_rule(environment)
    draft = _draft(environment, condition={"field": "data.items[].sku", "op": "eq", "value": "LP"})
    before = state_of_everything()
    answer = analyst.post(_url(draft), _sample({"amount": "50.00", "items[0].sku": "LP"}))
    assert [(one.entry.points, one.entry.reason) for one in answer.context["entries"]] == [
        (50, "1 point per £1"),
        (7, "Draft"),
    ]
    verdicts = answer.context["why"].verdicts
    assert [(verdict["name"], verdict["label"]) for verdict in verdicts] == [
        ("Draft", "Awarded"),
        ("1 point per £1", "Awarded"),
    ]
    assert "this draft" in answer.content.decode()
    assert state_of_everything() == before


def test_the_draft_stands_in_for_its_own_revision(analyst: Client, environment: Environment) -> None:
    rule = factories.make_rule(environment, award={"kind": "fixed", "points": 10})
    EarningRule.objects.filter(pk=rule.pk).update(award={"kind": "fixed", "points": 12})
    entries = analyst.post(_url(rule), _sample({"amount": "5"})).context["entries"]
    assert [one.entry.points for one in entries] == [12]


def test_the_sample_begins_as_the_last_event_of_the_type(analyst: Client, environment: Environment) -> None:
    draft = _draft(environment)
    assert [row.path for row in analyst.get(_url(draft)).context["sample_rows"]] == ["amount"]
    factories.report(environment, "order-1", member="bob", data={"amount": "1.00"})
    factories.report(environment, "order-2", member="eve", data={"amount": 19, "items": [{"sku": "A"}]})
    factories.report(environment, "visit-1", type="visit")
    page = analyst.get(_url(draft)).context
    assert page["sample"]["member"].value() == "eve"
    assert page["sample_rows"] == [SampleRow("amount", "19"), SampleRow("items[0].sku", "A", "text")]


def test_a_row_added_beside_prefilled_json_counts(analyst: Client, environment: Environment) -> None:
    factories.make_rule(environment)
    factories.report(environment, "order-1", data={"amount": "7.00", "size.cm": 3})
    draft = _draft(environment, condition={"field": "data.shop", "op": "eq", "value": "web"})
    page = analyst.get(_url(draft)).context
    assert page["sample_rows"] == [SampleRow("amount", "7.00", "text")]
    prefilled = page["sample"]["json"].value()
    assert json.loads(prefilled) == {"size.cm": 3}
    answer = analyst.post(_url(draft), _sample({"amount": "50", "shop": "web"}, json=prefilled))
    assert [one.entry.points for one in answer.context["entries"]] == [50, 7]


def test_a_stored_event_is_tried_as_it_was_sent_however_old(
    analyst: Client, environment: Environment
) -> None:
    long_ago = timezone.now() - timedelta(days=200)
    factories.report(environment, "order-1", member="bob", now=long_ago, data={"amount": "80.00"})
    draft = _draft(environment, condition={"field": "data.amount", "op": "gte", "value": "80"})
    before = state_of_everything()
    answer = analyst.post(_url(draft), {"step": "stored", "event": "order-1"})
    assert [one.entry.points for one in answer.context["entries"]] == [7]
    assert answer.context["sample"]["member"].value() == "bob"
    assert answer.context["sample"]["occurred_at"].value().date() == long_ago.date()
    assert state_of_everything() == before


def test_tells_when_the_points_could_be_spent(analyst: Client, environment: Environment) -> None:
    factories.make_metric(environment, "points", expiry="days", expiry_count=10, vesting_days=2)
    (one,) = analyst.post(_url(_draft(environment)), _sample({"amount": "5"})).context["entries"]
    assert one.available_at - one.entry.occurred_at == timedelta(days=2)
    assert one.expires_at - one.entry.occurred_at == timedelta(days=10)


def test_a_referral_rules_page_says_where_a_referred_member_comes_from(
    analyst: Client, environment: Environment
) -> None:
    referral = _draft(environment, award={"kind": "referral", "member": 50, "referrer": 100})
    way = "POST /v1/members/{id}/referral"
    assert way in analyst.get(_url(referral)).content.decode()
    assert way not in analyst.get(_url(_draft(environment, name="Other"))).content.decode()


def test_tells_of_the_level_that_would_be_reached(analyst: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("silver", "5"))
    text = analyst.post(_url(_draft(environment)), _sample({"amount": "5"})).content.decode()
    assert "<strong>Silver</strong> reached, at a progress of 7" in text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"step": "stored", "event": ""}, "This field is required."),
        (
            {"step": "stored", "event": "order-9"},
            "There is no event &#x27;order-9&#x27; in this environment.",
        ),
        ({"step": "stored", "event": "a\x00b"}, ""),
        ({"step": "stored", "event": "visit-1"}, "It is of type visit; this rule is about purchase."),
        ({"step": "stored", "event": "erased-1"}, "What was sent with this event is erased."),
        (_sample({"amount": "5"}, member=""), "This field is required."),
        (_sample({"items[x]": "5"}), "is no field"),
        (_sample({"items": "5", "items[0].sku": "A"}), "lies inside another field"),
        (_sample({"": "5"}), "Name the field of the value 5."),
        (_sample({"amount": "5"}, json='{"amount": 6}'), "&#x27;amount&#x27; is given twice"),
        (_sample({}, json="[1]"), "The data is an object"),
        (_sample({}, json="{"), "The data is not JSON."),
        (_sample({}, json="[" * 100_000), "The data is not JSON."),
        (_sample({}, json='{"a": "\\u0000"}'), "a: Leave out NUL characters and lone surrogates."),
        (_sample({}, json='{"a": "\\ud800"}'), "a: Leave out NUL characters and lone surrogates."),
        (_sample({}, json='{"a": 1E999999999}'), "a: Use a number of at most 100 digits."),
        (
            _sample({"items[0].quantity": "1e99999"}, sample_kind=""),
            "items[0].quantity: Use a number of at most 100 digits.",
        ),
        (_sample({"amount": "1e200000"}, sample_kind=""), "amount: Use a number of at most 100 digits."),
        (_sample({"note": "x" * 33_000}), "At most 32768 bytes"),
        (_sample({"amount": "5"}, occurred_at="2999-01-01T00:00:00"), "environment"),
        (_sample({"amount": "5"}, member="frozen"), "is frozen"),
    ],
)
def test_what_cannot_be_tried_is_said_in_its_place(
    analyst: Client, environment: Environment, sent: dict[str, Any], words: str
) -> None:
    factories.report(environment, "visit-1", type="visit")
    erased = factories.report(environment, "erased-1").event
    Event.objects.filter(pk=erased.pk).update(data=None)
    factories.make_member(environment, "frozen", status="frozen")
    draft = _draft(environment)
    before = state_of_everything()
    answer = analyst.post(_url(draft), sent)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert "result" not in answer.context
    assert state_of_everything() == before


def test_another_projects_event_is_as_unknown_as_none(login: Any, ours: Tenant, theirs: Tenant) -> None:
    rule = ours.rows[EarningRule]
    assert isinstance(rule, EarningRule)
    text = login(ours.environment).post(_url(rule), {"step": "stored", "event": "theirs-event-1"}).content
    assert "There is no event" in text.decode()
    assert "theirs-ada" not in text.decode()


class TestSamples:
    @pytest.mark.parametrize(
        "data",
        [
            {"amount": "50.00", "currency": "GBP"},
            {
                "amount": Decimal("19.90"),
                "paid": True,
                "left": None,
                "tags": ["a", "b"],
                "empty": [],
                "none": {},
            },
            {"items": [{"sku": "A", "options": {"size": 3}}, {"sku": "B", "lots": [[1], [2]]}]},
            {"text": "50", "quoted": '"x"', "words": "true"},
        ],
    )
    def test_rows_and_back_are_the_same_data(self, data: dict[str, Any]) -> None:
        rows, rest = sample_rows(data)
        assert rest == {}
        assert data_from(rows) == data

    def test_too_many_values_or_names_without_a_path_are_edited_as_json_and_the_others_as_rows(self) -> None:
        assert sample_rows({"items": [{"sku": str(number)} for number in range(80)]})[1] == {}
        many = {"items": [{"sku": str(number)} for number in range(80)], "amount": 5}
        assert sample_rows(many) == ([SampleRow("amount", "5")], {"items": many["items"]})
        for name in ("a.b", "a[0]", ""):
            assert sample_rows({name: 1, "c": 2}) == ([SampleRow("c", "2")], {name: 1})

    def test_rows_and_json_are_used_together(self) -> None:
        rest = {"items": [{"sku": "A"}], "empty": [], "a.b": {"c": 1}}
        rows = [SampleRow("amount", "5"), SampleRow("items[0].quantity", "2"), SampleRow("items[1].sku", "B")]
        assert data_from(rows, rest) == {
            "amount": 5,
            "items": [{"sku": "A", "quantity": 2}, {"sku": "B"}],
            "empty": [],
            "a.b": {"c": 1},
        }

    def test_a_field_given_twice_is_refused(self) -> None:
        for rows, rest in (
            ([SampleRow("amount", "5"), SampleRow("amount", "6")], {}),
            ([SampleRow("amount", "5")], {"amount": 6}),
            ([SampleRow("items[0].sku", "A")], {"items": [{"sku": "B"}]}),
        ):
            with pytest.raises(FaultySampleError, match="given twice"):
                data_from(rows, rest)

    def test_a_typed_value_is_json_where_it_reads_as_such(self) -> None:
        typed = [
            SampleRow("a", "5.0"),
            SampleRow("b", "app"),
            SampleRow("c", "true"),
            SampleRow("d", "5", "text"),
        ]
        assert data_from(typed) == {"a": Decimal("5.0"), "b": "app", "c": True, "d": "5"}

    @pytest.mark.parametrize("path", ["", ".", "a..b", "a.", "[0]", "a[1000]", "a]b", "a[-1]"])
    def test_what_is_no_path_is_refused(self, path: str) -> None:
        with pytest.raises(FaultySampleError):
            data_from([SampleRow(path, "1")])

    def test_json_keeps_its_decimals(self) -> None:
        assert parsed(json.dumps({"amount": 19.9})) == {"amount": Decimal("19.9")}
