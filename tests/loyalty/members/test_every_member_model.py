"""Whatever a member has is refunded, merged, exported and erased (domain.md 1, 3.5, 10): for every model."""

from collections.abc import Iterator
from copy import copy
from datetime import timedelta
from typing import Any

import pytest
import simplejson
from django.apps import apps
from django.db.models import ForeignKey, Model
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.erasing import erase_member
from loyalty.ledger.checks import violations
from loyalty.models import Account, Event, IdempotencyRecord, Member
from tests.factories import make_environment
from tests.loyalty.members.person import Person, places_of, rows_of
from tests.loyalty.members.treatments import TREATMENTS
from tests.loyalty.reports import reports_of

_OURS = ("audit", "programs", "loyalty")
_NAMES = ("member_id", "referrer_id", "counterpart_member_id")


def members_models() -> Iterator[type[Model]]:
    """Every model of the project whose rows name a member."""
    yield from (Member, AuditEvent, IdempotencyRecord)
    for label in _OURS:
        for model in apps.get_app_config(label).get_models():
            fields = model._meta.concrete_fields
            points = any(isinstance(field, ForeignKey) and field.related_model is Member for field in fields)
            if points or any(field.attname in _NAMES for field in fields):
                yield model


MODELS = sorted(set(members_models()), key=lambda model: model.__name__)
EACH_MODEL = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)


@pytest.fixture(scope="module")
def _made_person(module_data: None) -> Person:
    return Person(make_environment())


@pytest.fixture
def person(_made_person: Person, db: None, fresh_snapshots: None) -> Person:
    """Made once a module; what a test does to them is undone after the test."""
    return copy(_made_person)


def both(person: Person, model: type[Model]) -> list[Any]:
    """The rows of the person and of the survivor; each with the metric of its account."""
    return told(rows_of(model, [person.key(person.ada), person.key("zoe")]))


def told(rows: list[Any]) -> list[Any]:
    for row in rows:
        if hasattr(row, "account_id"):
            row.account_metric = row.account.metric_id
    return rows


@EACH_MODEL
def test_each_model_with_a_member_has_its_treatment(model: type[Model]) -> None:
    assert model in TREATMENTS, (
        f"{model.__name__} has a member. Say in tests/loyalty/members/treatments.py what becomes of its rows when"
        " a purchase is refunded and when their member is merged, exported and erased; make it so in"
        " loyalty/ledger/joining.py, loyalty/queries/exports.py and loyalty/ledger/erasing.py; give Person a row"
        " with the mark in each text; and tell of it in docs/members.md."
    )


def test_no_treatment_is_left_of_a_model_that_is_gone() -> None:
    assert set(TREATMENTS) == set(MODELS)


def test_the_person_has_a_row_of_every_kind(person: Person) -> None:
    keys = person.family(person.ada)
    assert [model.__name__ for model in MODELS if not rows_of(model, keys)] == []


def test_the_mark_stands_in_every_text_of_theirs(person: Person) -> None:
    """Else the search after an erasure would find nothing because nothing was there."""
    found = {place.split(":")[0] for place in places_of(person.mark)}
    assert found == {
        "audit_auditevent.after",
        "audit_auditevent.before",
        "audit_webhookdelivery.error",
        "audit_webhookdelivery.history",
        "audit_webhookdelivery.response",
        "loyalty_adjustmentrequest.decision_note",
        "loyalty_adjustmentrequest.note",
        "loyalty_event.data",
        "loyalty_event.explanation",
        "loyalty_event.facts",
        "loyalty_export.query",
        "loyalty_exportpiece.content",
        "loyalty_hold.metadata",
        "loyalty_hold.reason",
        "loyalty_idempotencyrecord.answer",
        "loyalty_ledgerentry.metadata",
        "loyalty_ledgerentry.reason",
        "loyalty_member.attributes",
        "loyalty_member.external_id",
        "loyalty_redemption.closed_reason",
        "loyalty_redemption.metadata",
        "loyalty_redemption.note",
        "loyalty_redemption.reason",
        "loyalty_rewardcode.used_place",
        "loyalty_stampreward.reference",
    }


def test_an_export_holds_every_row(person: Person) -> None:
    keys, export = person.family(person.ada), person.export()
    expected = {
        model.__name__: len(rows_of(model, keys))
        for model, treatment in TREATMENTS.items()
        if not isinstance(treatment.exported, str)
    }
    found = {
        model.__name__: treatment.exported(export)
        for model, treatment in TREATMENTS.items()
        if not isinstance(treatment.exported, str)
    }
    assert found == expected
    assert (
        len(expected) == len(MODELS) - 4
    )  # ActiveMember, IdempotencyRecord, WebhookDelivery, WebhookSequence


def test_an_export_holds_every_text(person: Person) -> None:
    text = simplejson.dumps(person.export(), use_decimal=True, ensure_ascii=False)
    written = (
        "attribute",
        "data",
        "refund",
        "reason",
        "metadata",
        "note",
        "gift",
        "miles",
        "owed",
        "reversal",
        "sold",
        "mug",
        "place",
        "told",
        "cold",
        "voucher",
        "asked",
        "granted",
        "denied",
        "regretted",
    )
    assert [word for word in written if f"{person.mark} {word}" not in text] == []
    assert (person.code in text, f"twin-{person.mark}" in text) == (True, True)


def test_a_refund_takes_back_what_the_purchase_caused(person: Person) -> None:
    keys = person.family(person.ada)
    measures = {model: each.refunded for model, each in TREATMENTS.items() if callable(each.refunded)}

    def measured() -> dict[str, Any]:
        return {model.__name__: measure(rows_of(model, keys)) for model, measure in measures.items()}

    before = measured()
    person.desk.buy("again", "70.00", person.ada)
    caused = measured()
    assert [name for name in before if caused[name] == before[name]] == []
    person.desk.refund("again", member=person.ada)
    assert measured() == before


def test_a_survivor_goes_on_with_what_both_had(person: Person) -> None:
    survivor = person.key("zoe")
    measures = {model: each.merged for model, each in TREATMENTS.items() if callable(each.merged)}
    before = {model.__name__: measure(both(person, model)) for model, measure in measures.items()}
    alone = {model.__name__: measure(told(rows_of(model, [survivor]))) for model, measure in measures.items()}
    assert [name for name in before if alone[name] == before[name]] == []
    person.desk.merge(person.ada, "zoe")
    after = {model.__name__: measure(told(rows_of(model, [survivor]))) for model, measure in measures.items()}
    assert after == before


def test_what_does_not_go_on_stays_where_it_was(person: Person) -> None:
    keys = person.family(person.ada)
    stays = [model for model, each in TREATMENTS.items() if isinstance(each.merged, str)]
    before = {model: {row.pk for row in rows_of(model, keys)} for model in stays}
    person.desk.merge(person.ada, "zoe")
    assert set(person.family("zoe")) == {*keys, person.key("zoe")}
    for model in stays:
        assert before[model] <= {row.pk for row in rows_of(model, keys)}, model.__name__


def test_nothing_is_wrong_after_the_merge(person: Person) -> None:
    person.desk.merge(person.ada, "zoe")
    assert [str(found) for found in violations(environment=person.environment)] == []


def test_nothing_names_an_erased_person(person: Person) -> None:
    person.do(erase_member, member=person.ada)
    assert places_of(person.mark) == []
    assert places_of(person.code) == []


def test_reports_say_the_same_after_an_erasure_but_for_what_it_ends(person: Person) -> None:
    """What waits is cancelled or revoked, what is left is adjusted to zero; whatever happened has happened."""
    here, now = person.environment, timezone.now() + timedelta(days=1)
    before, keys = reports_of(here, now), person.family(person.ada)
    held = {row.metric.code: row.total for row in rows_of(Account, keys) if row.total}
    person.do(erase_member, member=person.ada)
    after = reports_of(here, now)
    assert after["activity"] >= before["activity"]  # who was merged into them counts apart now
    assert after["people"][0] == before["people"][0] - 1
    for code, row in before["points"].items():
        now_gone = held.get(code, 0)
        ended = {"adjusted": row["adjusted"] - now_gone, "closing": row["closing"] - now_gone}
        assert after["points"][code] == {**row, **ended}
    for name, row in before["rewards"].items():
        ended = row["pending"] - after["rewards"][name]["pending"]
        expected = {**row, "pending": row["pending"] - ended, "cancelled": row["cancelled"] + ended}
        kept = (
            "redemptions",
            "members",
            "share",
            "fulfilled",
            "failed",
            "pending",
            "cancelled",
            "codes_used",
        )
        assert [after["rewards"][name][key] for key in kept] == [expected[key] for key in kept]
    assert {name: each.paid for name, each in after["stamps"].items()} == {
        name: each.paid for name, each in before["stamps"].items()
    }


def test_a_code_that_was_made_is_gone_and_an_uploaded_one_stands_in_its_pool_alone(person: Person) -> None:
    assert len(places_of(person.made)) > 1 < len(places_of(person.uploaded))
    person.do(erase_member, member=person.ada)
    assert places_of(person.made) == []
    (place,) = places_of(person.uploaded)
    assert place.startswith("loyalty_rewardcode.code:")


def test_a_code_that_came_with_a_coupon_is_gone(person: Person) -> None:
    (code,) = person.coupon_codes()
    assert len(places_of(code)) >= 1
    person.do(erase_member, member=person.ada)
    assert places_of(code) == []


def test_nor_one_who_was_merged_away_before(person: Person) -> None:
    person.desk.merge(person.ada, "zoe")
    person.do(erase_member, member="zoe")
    assert places_of(person.mark) == []
    assert places_of(person.code) == []


def test_an_erasure_keeps_what_is_said_of_others(person: Person) -> None:
    answers = IdempotencyRecord.objects.filter(environment_id=person.environment.id)
    of_bob = answers.filter(member_id=person.key("bob"))
    named, kept = of_bob.get(answer__contains=person.mark), of_bob.exclude(answer__contains=person.mark).get()
    own = Event.objects.get(environment_id=person.environment.id, event_id="dans")
    person.do(erase_member, member=person.ada)
    assert answers.get(pk=named.pk).answer == '{"erased": true}'
    assert answers.get(pk=kept.pk).answer == kept.answer
    own.refresh_from_db()
    assert own.data == {"amount": "30.00"}
    assert person.mark not in str(own.explanation)
    for name in ("bob", "cid", "dan", "eve", "zoe"):
        assert Member.objects.get(pk=person.key(name)).external_id == name


def test_an_erasure_leaves_no_row_without_a_reason(person: Person) -> None:
    keys = person.family(person.ada)
    before = {model: rows_of(model, keys) for model in TREATMENTS}
    person.do(erase_member, member=person.ada)
    for model, treatment in TREATMENTS.items():
        left = {row.pk for row in rows_of(model, keys)} & {row.pk for row in before[model]}
        assert len(left) == treatment.left(before[model]), model.__name__
        assert treatment.why.endswith(".") == bool(left), model.__name__


def test_every_reason_is_a_sentence() -> None:
    said = [text for each in TREATMENTS.values() for text in (each.refunded, each.merged, each.exported)]
    assert [text for text in said if isinstance(text, str) and not text.endswith(".")] == []


def test_nothing_is_wrong_after_the_erasure(person: Person) -> None:
    person.do(erase_member, member=person.ada)
    assert [str(found) for found in violations(environment=person.environment)] == []
