"""A stamp program is judged whole before it is saved, and parts of it stay as they were made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from programs.actions.stamp_programs import save_stamp_program
from programs.models import Environment, Program, StampProgram
from programs.models.stamp_programs import MAX_REWARD, MAX_THRESHOLD
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, make_stamp_program, reload

pytestmark = pytest.mark.django_db
FIXED: dict[str, Any] = {"reward_kind": "fixed-reward", "reward_amount": 500}
MAY = datetime(2026, 5, 1, tzinfo=UTC)


def save(stored: StampProgram, /, **changes: Any) -> StampProgram:
    return save_stamp_program(
        environment=reload(stored.environment),
        stamp_program=StampProgram.objects.get(pk=stored.pk),
        actor=make_actor(),
        now=timezone.now(),
        changes=changes,
    )


@contextmanager
def faults(environment: Environment, *expected: tuple[str, str]) -> Iterator[None]:
    """What runs is refused for exactly these fields with these codes, and nothing is changed."""
    rows = StampProgram.objects.filter(environment=environment).order_by("pk")
    before = list(rows.values()), AuditEvent.objects.filter(environment_id=environment.id).count()
    with pytest.raises(InvalidRequest) as caught:
        yield
    assert sorted((each.field, each.code) for each in caught.value.errors) == sorted(expected)
    assert all(each.detail for each in caught.value.errors)
    assert (list(rows.values()), AuditEvent.objects.filter(environment_id=environment.id).count()) == before


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"name": ""}, [("name", "blank")]),
    ({"name": "x" * 201}, [("name", "max_length")]),
    ({"title": ""}, [("title", "blank")]),
    ({"title": " "}, [("title", "blank")]),
    ({"summary": "x" * 501}, [("summary", "max_length")]),
    ({"reward_text": "x" * 201}, [("reward_text", "max_length")]),
    ({"image_url": "somewhere"}, [("image_url", "invalid")]),
    ({"logo_url": "javascript:alert(1)"}, [("logo_url", "invalid")]),
    ({"status": "retired"}, [("status", "invalid_choice")]),
    ({"stamps_per": "week"}, [("stamps_per", "invalid_choice")]),
    ({"threshold": 0}, [("threshold", "min_value")]),
    ({"threshold": MAX_THRESHOLD + 1}, [("threshold", "max_value")]),
    ({"threshold": None}, [("threshold", "required")]),
    ({"reward_kind": "points"}, [("reward_kind", "invalid_choice")]),
    ({"reward_kind": "fixed-reward"}, [("reward_amount", "required")]),
    ({**FIXED, "reward_amount": 0}, [("reward_amount", "min_value")]),
    ({**FIXED, "reward_amount": MAX_REWARD + 1}, [("reward_amount", "max_value")]),
    ({"starts_at": MAY, "ends_at": MAY}, [("ends_at", "invalid_value")]),
    ({"condition": {"field": "data.amount", "op": "is", "value": 1}}, [("condition.op", "unknown_op")]),
    (
        {"condition": {"all": [{"field": "item.sku", "op": "eq", "value": "x"}]}},
        [("condition.all[0].field", "unknown_field")],
    ),
    (
        {"item_where": {"field": "data.amount", "op": "gt", "value": 1}},
        [("item_where.field", "unknown_field")],
    ),
]


@pytest.mark.parametrize(("changes", "expected"), FAULTS)
def test_each_fault_is_named(
    environment: Environment, changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    stored = make_stamp_program(environment)
    with faults(environment, *expected):
        make_stamp_program(environment, **changes)
    with faults(environment, *expected):
        save(stored, **changes)


@pytest.mark.parametrize("currency", ["", "GB", "POUND", "ΑΒΓ", "G1P"])
def test_a_currency_is_an_iso_code(environment: Environment, currency: str) -> None:
    with faults(environment, ("currency", "invalid")):
        make_stamp_program(environment, currency=currency)


def test_several_faults_are_told_at_once(environment: Environment) -> None:
    with faults(
        environment,
        ("name", "blank"),
        ("threshold", "min_value"),
        ("condition.op", "unknown_op"),
        ("ends_at", "invalid_value"),
        ("reward_amount", "required"),
    ):
        make_stamp_program(
            environment,
            name="",
            threshold=0,
            condition={"field": "data.amount", "op": "is", "value": 1},
            reward_kind="fixed-reward",
            starts_at=MAY,
            ends_at=MAY,
        )


def test_a_missing_amount_is_asked_for_in_the_currencys_smallest_unit(environment: Environment) -> None:
    for currency, words in (("GBP", "500 is 5 GBP"), ("JPY", "5 is 5 JPY"), ("KWD", "5000 is 5 KWD")):
        with pytest.raises(InvalidRequest) as caught:
            make_stamp_program(environment, currency=currency, reward_kind="fixed-reward")
        assert words in caught.value.errors[0].detail


def test_another_environments_program_is_no_home(environment: Environment) -> None:
    others = Program.objects.get(environment=make_environment(), code="default")
    new = StampProgram(environment=environment)
    usual = {"name": "C", "title": "C", "threshold": 5, "currency": "GBP", "reward_kind": "refund"}
    with faults(environment, ("program", "invalid")):
        save_stamp_program(
            environment=environment,
            stamp_program=new,
            actor=make_actor(),
            now=timezone.now(),
            changes={**usual, "program": others},
        )


def test_one_of_another_environment_is_not_found(environment: Environment) -> None:
    stored = make_stamp_program(make_environment())
    with pytest.raises(NotFound):
        save_stamp_program(
            environment=environment,
            stamp_program=stored,
            actor=make_actor(),
            now=timezone.now(),
            changes={"name": "Mine"},
        )
    assert StampProgram.objects.get(pk=stored.pk).name == "Coffee Rewards"


# -- normal forms


def test_what_is_stored_is_in_normal_form(environment: Environment) -> None:
    has_mug = {"field": "data.items[].sku", "op": "eq", "value": "mug"}
    mug = {"field": "item.sku", "op": "eq", "value": "mug"}
    made = make_stamp_program(
        environment, currency=" gbp ", title="  Buy 5 ", summary=None, condition=has_mug, item_where=mug
    )
    made.refresh_from_db()
    assert (made.currency, made.title, made.summary) == ("GBP", "Buy 5", "")
    assert (made.condition, made.item_where) == ({**has_mug, "match": "any"}, mug)
    assert make_stamp_program(environment).condition == {}


def test_a_card_that_pays_back_keeps_no_amount(environment: Environment) -> None:
    made = make_stamp_program(environment, status="draft", **FIXED)
    assert make_stamp_program(environment, reward_kind="refund", reward_amount=500).reward_amount is None
    assert save(made, reward_kind="refund").reward_amount is None


# -- what stays


@pytest.mark.parametrize("status", ["draft", "active", "paused", "ended"])
def test_its_program_and_its_currency_stay(environment: Environment, status: str) -> None:
    stored = make_stamp_program(environment, status=status)
    other = Program.objects.create(environment=environment, code="bakery", name="Bakery")
    with faults(environment, ("program", "fixed"), ("currency", "fixed")):
        save(stored, program=other, currency="EUR")
    assert save(stored, program=stored.program, currency="gbp", name="Tea").name == "Tea"


def test_what_has_begun_is_no_draft_again_and_what_has_ended_stays_ended(environment: Environment) -> None:
    allowed = {
        "draft": {"draft", "active", "paused", "ended"},
        "active": {"active", "paused", "ended"},
        "paused": {"active", "paused", "ended"},
        "ended": {"ended"},
    }
    for was, possible in allowed.items():
        for becomes in allowed:
            stored = make_stamp_program(environment, status=was)
            if becomes in possible:
                assert save(stored, status=becomes).status == becomes
            else:
                code = "fixed" if was == "ended" else "invalid_choice"
                with faults(environment, ("status", code)):
                    save(stored, status=becomes)


@pytest.mark.parametrize("status", ["active", "paused", "ended"])
def test_what_has_begun_with_a_fixed_reward_pays_no_price_back(environment: Environment, status: str) -> None:
    stored = make_stamp_program(environment, status=status, **FIXED)
    with faults(environment, ("reward_kind", "fixed")):
        save(stored, reward_kind="refund")
    assert (
        save(make_stamp_program(environment, status="draft", **FIXED), reward_kind="refund").status == "draft"
    )


# -- thresholds


def test_every_threshold_is_noted_the_present_one_last(environment: Environment) -> None:
    made = make_stamp_program(environment, threshold=5)
    assert made.thresholds == [5]
    save(made, name="Another")
    save(made, threshold=5)
    assert save(made, threshold=3).thresholds == [5, 3]
    assert save(made, threshold=5).thresholds == [5, 3, 5]
    stored = StampProgram.objects.get(pk=made.pk)
    assert (stored.threshold, stored.thresholds) == (5, [5, 3, 5])


def test_a_draft_has_no_past_since_nobody_has_its_card(environment: Environment) -> None:
    made = make_stamp_program(environment, threshold=3, status="draft")
    assert save(made, threshold=9).thresholds == [9]
    assert save(made, status="active").thresholds == [9]
    assert save(made, threshold=5).thresholds == [9, 5]


def test_a_refused_threshold_is_not_noted(environment: Environment) -> None:
    made = make_stamp_program(environment, threshold=5)
    with faults(environment, ("threshold", "min_value")):
        save(made, threshold=0)


# -- what is kept of a save


def test_a_save_is_audited_and_seen_by_the_next_event(environment: Environment) -> None:
    made = make_stamp_program(environment)
    assert [one.name for one in snapshot(reload(environment)).stamp_programs] == ["Coffee Rewards"]
    save(made, name="Tea Rewards")
    assert [one.name for one in snapshot(reload(environment)).stamp_programs] == ["Tea Rewards"]
    rows = AuditEvent.objects.filter(environment_id=environment.id, verb__startswith="stampprogram.")
    created, updated = rows.order_by("id")
    assert (created.verb, updated.verb) == ("stampprogram.created", "stampprogram.updated")
    assert updated.before
    assert (updated.before["name"], updated.after and updated.after["name"]) == (
        "Coffee Rewards",
        "Tea Rewards",
    )


def test_drafts_are_in_no_snapshot(environment: Environment) -> None:
    make_stamp_program(environment, status="draft")
    assert list(snapshot(reload(environment)).stamp_programs) == []


def test_only_a_change_moves_its_date(environment: Environment) -> None:
    made = make_stamp_program(environment)
    assert made.created_at == made.updated_at
    assert save(made, name=made.name, threshold=5).updated_at == made.updated_at
    changed = save(made, name="Tea")
    assert changed.updated_at > made.updated_at
    assert changed.created_at == made.created_at
