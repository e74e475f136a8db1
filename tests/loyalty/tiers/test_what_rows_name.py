"""Rows of tiers, usage and referrals name what is there, and of their own ladder and environment alone."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from loyalty.models import MemberTier, Referral, RuleUsage, TierChange
from programs.models import Program, TierLadder
from tests.factories import make_environment, make_ladder, make_member
from tests.loyalty.tiers.club import Club

pytestmark = pytest.mark.django_db


def assert_refused(constraint: str, write: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        write()


def test_a_members_level_is_one_of_its_ladder(club: Club) -> None:
    club.ladder()
    club.give(100)
    Program.objects.create(environment=club.environment, code="club", name="Club")
    theirs = make_ladder(club.environment, ("silver", "1"), program="club").tiers.get()
    row = MemberTier.objects.filter(pk=club.row().pk)
    assert_refused("member_tier_tier_fk", lambda: row.update(tier=theirs))
    row.update(tier=None)
    row.update(tier=TierLadder.objects.get(pk=club.row().ladder_id).tiers.get(code="gold"))


def test_a_change_is_on_a_ladder_of_its_environment(club: Club) -> None:
    club.ladder()
    club.give(100)
    change = TierChange.objects.get(member=club.key("ada"))
    change.pk, change.ladder = uuid4(), make_ladder(make_environment(), ("silver", "1"))
    change._state.adding = True
    assert_refused("tier_change_ladder_fk", change.save)


@pytest.mark.parametrize(
    "period", ["", "event", "day", "day:1997-01", "month:1997-01-05", "year:1997", "ever "]
)
def test_a_period_of_usage_is_spelled_as_the_rules_spell_it(club: Club, period: str) -> None:
    member, rule = make_member(club.environment, "ada"), club.rule("pounds")
    usage = RuleUsage(
        environment_id=club.environment.pk, member=member, rule=rule, period=period, points=1, times=1
    )
    assert_refused("rule_usage_period_valid", usage.save)


@pytest.mark.parametrize(
    ("column", "constraint"),
    [("rule_revision_id", "referral_revision_fk"), ("referrer_entry_id", "referral_entry_fk")],
)
def test_a_referral_names_a_revision_and_an_entry_that_are_there(
    club: Club, column: str, constraint: str
) -> None:
    sides = [make_member(club.environment, name).pk for name in ("ada", "bea")]
    referral = Referral(
        environment_id=club.environment.pk,
        member_id=sides[0],
        referrer_id=sides[1],
        created_at=timezone.now(),
        **{column: uuid4()},
    )
    assert_refused(constraint, referral.save)
