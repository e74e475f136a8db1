"""Codes of members, and who came through whom (domain.md 4.3)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from audit.errors import DomainError, InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.actions import referrals
from loyalty.actions.erasing import erase_member
from loyalty.actions.merging import merge_members
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.errors import AlreadyReferred, MemberFrozen, Replay
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Event, IdempotencyRecord, Member, Referral, ReferralCode
from loyalty.queries.members import find_member
from loyalty.queries.referrals import ALPHABET, referrals_of
from programs.models import Environment
from tests.factories import make_actor, make_environment, make_member, reload


def do(action: Callable[..., Any], environment: Environment, **arguments: Any) -> Any:
    common = {"environment": reload(environment), "actor": make_actor(), "now": timezone.now()}
    return action(**{**common, **arguments})


def code(environment: Environment, member: str) -> str:
    return str(do(referral_code_of, environment, member=member).code)


def came(environment: Environment, member: str, through: str) -> Referral:
    found: Referral = do(refer, environment, member=member, code=code(environment, through))
    return found


def merge(environment: Environment, member: str, into: str) -> None:
    do(merge_members, environment, member=member, into=into, reason=None)


def key(environment: Environment, member: str) -> UUID:
    return find_member(environment=environment, member=member).pk


def sides(environment: Environment) -> set[tuple[UUID, UUID]]:
    rows = Referral.objects.filter(environment_id=environment.id)
    return set(rows.values_list("member_id", "referrer_id"))


def everything(environment: Environment) -> list[Any]:
    own = {"environment_id": environment.id}
    return [
        list(model._default_manager.filter(**own).order_by("pk").values())
        for model in (Member, Referral, ReferralCode, AuditEvent, IdempotencyRecord)
    ]


def award_by_hand(referral: Referral) -> None:
    """As if the member's first qualifying event had come."""
    at = timezone.now()
    event = Event.objects.create(
        environment_id=referral.environment_id,
        member=referral.member,
        event_id=str(referral.pk),
        type="purchase",
        occurred_at=at,
        recorded_at=at,
        digest=b"",
    )
    Referral.objects.filter(pk=referral.pk).update(status="awarded", event=event, awarded_at=at)


# -- codes


def test_a_code_is_made_when_it_is_first_asked_for_and_stays(environment: Environment) -> None:
    first = do(referral_code_of, environment, member="ada")
    assert len(first.code) == 8
    assert set(first.code) <= set(ALPHABET)
    assert set(ALPHABET).isdisjoint("0O1IL")
    assert do(referral_code_of, environment, member="ada") == first
    assert code(environment, "bea") != first.code
    (trail,) = AuditEvent.objects.filter(verb="referral_code.created", member_id=first.member_id)
    assert (trail.environment_id, trail.after) == (environment.id, {"code": first.code})


def test_a_code_that_is_taken_is_drawn_again(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = code(environment, "ada")
    draws = iter([taken, taken, "ABCDEFGH"])
    monkeypatch.setattr(referrals, "_random", lambda: next(draws))
    assert code(environment, "bea") == "ABCDEFGH"
    elsewhere = make_environment()
    monkeypatch.setattr(referrals, "_random", lambda: taken)
    assert code(elsewhere, "ada") == taken


def test_the_case_of_a_code_does_not_matter(environment: Environment) -> None:
    lower = code(environment, "ada").lower()
    referral = do(refer, environment, member="bea", code=lower)
    assert sides(environment) == {(key(environment, "bea"), key(environment, "ada"))}
    assert (referral.status, referral.event) == ("pending", None)
    (trail,) = AuditEvent.objects.filter(verb="referral.created", member_id=referral.member_id)
    assert trail.after == {"referrer": str(referral.referrer_id)}


@pytest.mark.parametrize("wrong", ["", "ABCDEFGH", "ABCDEFG\x00", "ß", "A" * 5000, "01010101"])
def test_an_unknown_code_is_not_found_and_makes_nobody(environment: Environment, wrong: str) -> None:
    code(environment, "ada")
    before = everything(environment)
    with pytest.raises(NotFound):
        do(refer, environment, member="bea", code=wrong)
    assert everything(environment) == before


def test_another_environments_code_is_not_found(environment: Environment) -> None:
    foreign = code(make_environment(), "ada")
    with pytest.raises(NotFound):
        do(refer, environment, member="bea", code=foreign)
    assert not Member.objects.filter(environment=environment).exists()


# -- who came through whom


def test_nobody_comes_through_themselves(environment: Environment) -> None:
    own = code(environment, "ada")
    before = everything(environment)
    with pytest.raises(InvalidRequest) as refused:
        do(refer, environment, member="ada", code=own)
    assert [error.field for error in refused.value.errors] == ["code"]
    assert everything(environment) == before


def test_nor_through_somebody_who_was_merged_into_them(environment: Environment) -> None:
    old = code(environment, "ada")
    make_member(environment, "bea")
    merge(environment, "ada", "bea")
    before = everything(environment)
    for name in ("ada", "bea"):
        with pytest.raises(InvalidRequest):
            do(refer, environment, member=name, code=old)
    assert everything(environment) == before


def test_the_first_referrer_stays(environment: Environment) -> None:
    first = came(environment, "cid", "ada")
    other = code(environment, "bea")
    before = everything(environment)
    with pytest.raises(AlreadyReferred):
        do(refer, environment, member="cid", code=other)
    assert everything(environment) == before
    assert came(environment, "cid", "ada") == first
    assert everything(environment) == before


def test_an_awarded_member_is_not_referred_again(environment: Environment) -> None:
    first = came(environment, "cid", "ada")
    award_by_hand(first)
    with pytest.raises(AlreadyReferred):
        came(environment, "cid", "bea")
    assert came(environment, "cid", "ada").status == "awarded"


def test_a_frozen_member_is_not_referred(environment: Environment) -> None:
    make_member(environment, "cid", status="frozen")
    own = code(environment, "ada")
    before = everything(environment)
    with pytest.raises(MemberFrozen):
        do(refer, environment, member="cid", code=own)
    assert everything(environment) == before


def test_a_repeated_request_is_replayed(environment: Environment) -> None:
    own = code(environment, "ada")
    sent = Idempotency("", "k", b"f" * 32, lambda referral: (201, str(referral.pk)))
    first = do(refer, environment, member="bea", code=own, idempotency=sent)
    before = everything(environment)
    with pytest.raises(Replay) as replay:
        do(refer, environment, member="bea", code=own, idempotency=sent)
    assert (replay.value.status, replay.value.answer) == (201, str(first.pk))
    assert everything(environment) == before


# -- after a merge


def test_both_codes_of_a_merged_person_lead_to_the_survivor(environment: Environment) -> None:
    old, new = code(environment, "ada"), code(environment, "bea")
    merge(environment, "ada", "bea")
    assert code(environment, "ada") == code(environment, "bea") == new
    for name, used in (("cid", old), ("dan", new)):
        assert do(refer, environment, member=name, code=used).referrer_id == key(environment, "bea")


def test_a_survivor_without_a_code_shows_the_merged_ones(environment: Environment) -> None:
    old = code(environment, "ada")
    make_member(environment, "bea")
    merge(environment, "ada", "bea")
    assert code(environment, "bea") == old
    assert ReferralCode.objects.filter(environment_id=environment.id).count() == 1


def test_an_awarded_referral_is_known_by_the_code_of_a_referrer_who_was_merged(
    environment: Environment,
) -> None:
    done, old = came(environment, "cid", "ada"), code(environment, "ada")
    award_by_hand(done)
    make_member(environment, "bea")
    merge(environment, "ada", "bea")
    assert do(refer, environment, member="cid", code=old) == done


def test_whom_a_merged_member_brought_waits_for_the_survivor(environment: Environment) -> None:
    came(environment, "cid", "ada")
    make_member(environment, "bea")
    merge(environment, "ada", "bea")
    assert sides(environment) == {(key(environment, "cid"), key(environment, "bea"))}
    with pytest.raises(AlreadyReferred):
        came(environment, "cid", "eve")


def test_a_pending_referral_goes_on_for_the_survivor(environment: Environment) -> None:
    before = came(environment, "cid", "ada")
    make_member(environment, "dan")
    merge(environment, "cid", "dan")
    assert sides(environment) == {(key(environment, "dan"), key(environment, "ada"))}
    assert Referral.objects.get(environment_id=environment.id).created_at == before.created_at
    with pytest.raises(AlreadyReferred):
        came(environment, "cid", "eve")


def test_but_not_where_the_survivor_has_one(environment: Environment) -> None:
    came(environment, "cid", "ada")
    kept = came(environment, "dan", "eve")
    merge(environment, "cid", "dan")
    assert [kept] == list(Referral.objects.filter(environment_id=environment.id))


@pytest.mark.parametrize(("merged", "into"), [("ada", "cid"), ("cid", "ada")])
def test_a_merge_of_referrer_and_referred_ends_the_referral(
    environment: Environment, merged: str, into: str
) -> None:
    came(environment, "cid", "ada")
    merge(environment, merged, into)
    assert sides(environment) == set()


def test_members_who_brought_each_other_keep_what_others_brought(environment: Environment) -> None:
    came(environment, "cid", "ada")
    came(environment, "ada", "eve")
    merge(environment, "ada", "cid")
    assert sides(environment) == {(key(environment, "cid"), key(environment, "eve"))}


def test_one_person_is_awarded_once_also_after_a_merge(environment: Environment) -> None:
    done = came(environment, "cid", "ada")
    award_by_hand(done)
    came(environment, "dan", "eve")
    merge(environment, "cid", "dan")
    assert [done] == list(Referral.objects.filter(environment_id=environment.id))
    make_member(environment, "fay")
    merge(environment, "dan", "fay")
    for name in ("cid", "dan", "fay"):
        with pytest.raises(AlreadyReferred):
            came(environment, name, "eve")
        assert came(environment, name, "ada") == done


def test_what_is_shown_of_a_merged_person(environment: Environment) -> None:
    award_by_hand(came(environment, "cid", "ada"))
    came(environment, "dan", "ada")
    came(environment, "ada", "eve")
    for name in ("bea", "fay"):
        make_member(environment, name)
    merge(environment, "ada", "bea")
    merge(environment, "eve", "fay")
    shown = referrals_of(member_id=key(environment, "bea"))
    assert shown.code is not None
    assert (shown.code.code, shown.referrer) == (code(environment, "ada"), "fay")
    assert (shown.pending, shown.awarded) == (1, 1)


def test_nobody_came_through_themselves_after_a_merge_of_both_sides(environment: Environment) -> None:
    """The award stays, and ends that the person is referred again."""
    done = came(environment, "cid", "ada")
    award_by_hand(done)
    merge(environment, "cid", "ada")
    shown = referrals_of(member_id=key(environment, "ada"))
    assert (shown.referral, shown.referrer, shown.pending, shown.awarded) == (None, None, 0, 0)
    assert [done] == list(Referral.objects.filter(environment_id=environment.id, status="awarded"))
    with pytest.raises(AlreadyReferred):
        came(environment, "ada", "eve")


# -- after an erasure


def test_an_erased_members_code_and_referrals_are_gone(environment: Environment) -> None:
    old = code(environment, "ada")
    came(environment, "cid", "ada")
    do(erase_member, environment, member="ada")
    assert sides(environment) == set()
    with pytest.raises(NotFound):
        do(refer, environment, member="dan", code=old)
    assert came(environment, "cid", "ada").referrer_id == key(environment, "ada")  # somebody new


def test_a_code_whose_owner_is_erased_meanwhile_is_not_found(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = do(referral_code_of, environment, member="ada")
    do(erase_member, environment, member="ada")
    code(environment, "ada")  # the id comes back, as somebody new
    monkeypatch.setattr(referrals, "find_code", lambda **_: found)
    with pytest.raises(NotFound):
        do(refer, environment, member="bea", code=found.code)
    assert sides(environment) == set()


def test_a_successor_has_no_part_in_what_came_before(environment: Environment) -> None:
    award_by_hand(came(environment, "cid", "ada"))
    do(erase_member, environment, member="cid")
    do(erase_member, environment, member="ada")
    assert came(environment, "cid", "eve").status == "pending"
    assert referrals_of(member_id=do(referral_code_of, environment, member="ada").member_id).awarded == 0


def test_what_came_before_an_erasure_ends_nothing_in_a_later_merge(environment: Environment) -> None:
    award_by_hand(came(environment, "cid", "ada"))
    do(erase_member, environment, member="cid")
    code(environment, "cid")  # the id comes back
    kept = came(environment, "dan", "eve")
    merge(environment, "cid", "dan")
    assert list(Referral.objects.filter(environment_id=environment.id, status="pending")) == [kept]


# -- all at once


def test_sixteen_ask_for_one_code(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    make_member(committed_environment, "ada")
    found = together(lambda _: code(committed_environment, "ada"))
    assert len(set(found)) == 1
    rows = ReferralCode.objects.filter(environment_id=committed_environment.id)
    assert list(rows.values_list("code", flat=True)) == found[:1]
    trail = AuditEvent.objects.filter(environment_id=committed_environment.id)
    assert trail.filter(verb="referral_code.created").count() == 1


def test_sixteen_codes_for_one_member_make_one_referral(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    codes = [code(committed_environment, f"friend-{number}") for number in range(16)]
    found = together(lambda number: do(refer, committed_environment, member="ada", code=codes[number]))
    made = [one for one in found if isinstance(one, Referral)]
    refused = [one for one in found if isinstance(one, AlreadyReferred)]
    assert (len(made), len(refused)) == (1, 15)
    assert made == list(Referral.objects.filter(environment_id=committed_environment.id))


def test_nobody_is_referred_by_themselves_through_a_merge_at_the_same_time(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    environment = committed_environment
    for turn in range(6):
        ada, bea = f"ada-{turn}", f"bea-{turn}"
        own = code(environment, ada)
        make_member(environment, bea)

        def run(number: int, ada: str = ada, bea: str = bea, own: str = own) -> Any:
            if number == 1:
                return merge(environment, ada, bea)
            return do(refer, environment, member=bea, code=own)

        found = together(run, threads=4)
        assert [one for one in found if isinstance(one, Exception) and not isinstance(one, DomainError)] == []
        assert sides(environment) == set()
