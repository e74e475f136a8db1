"""How rewards do, reckoned by SQL and again by hand."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.actions.codes import add_codes
from loyalty.actions.erasing import erase_member
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.merging import merge_members
from loyalty.actions.tills import use_code
from loyalty.models import Redemption
from loyalty.queries.reward_figures import RewardFigures, reward_figures
from programs.models import Environment, Reward
from tests.factories import buy, give, make_actor, make_environment, make_reward

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def days(number: float) -> timedelta:
    return timedelta(days=number)


END = BEGIN + days(30)


def figures(
    environment: Environment, begin: datetime = BEGIN, end: datetime = END, at: float = 40
) -> list[RewardFigures]:
    return reward_figures(environment=environment, begins_at=begin, ends_at=end, now=BEGIN + days(at))


def bought(environment: Environment, reward: Reward, member: str = "ada", *, at: float = 0) -> Redemption:
    return buy(environment, reward.public_id, member, now=BEGIN + days(at))


def use(environment: Environment, redemption: Redemption, *, at: float) -> None:
    code = redemption.issued_code
    assert code is not None
    use_code(
        environment=environment, code=code.code or "", place=None, actor=make_actor(), now=BEGIN + days(at)
    )


@pytest.fixture
def rich(environment: Environment) -> Environment:
    for member in ("ada", "ben", "cyd"):
        give(environment, 100_000, member, now=BEGIN - days(1))
    return environment


@pytest.mark.django_db
def test_where_nothing_was_redeemed_there_is_nothing_to_say(rich: Environment) -> None:
    make_reward(rich)
    assert figures(rich) == []


@pytest.mark.django_db
def test_the_period_begins_with_its_first_instant_and_ends_before_its_last(rich: Environment) -> None:
    reward = make_reward(rich)
    for at in (0, 10, 30):
        bought(rich, reward, at=at)
    assert [found.redemptions for found in figures(rich)] == [2]
    assert [found.redemptions for found in figures(rich, BEGIN + timedelta(microseconds=1))] == [1]
    assert [found.redemptions for found in figures(rich, end=BEGIN + days(31))] == [3]
    assert figures(rich, BEGIN + days(31), BEGIN + days(60)) == []


@pytest.mark.django_db
def test_nothing_of_another_environment_counts(rich: Environment) -> None:
    elsewhere = make_environment("live", project=rich.project)
    give(elsewhere, 1_000, now=BEGIN - days(1))
    bought(rich, make_reward(rich, name="Here"), at=1)
    bought(elsewhere, make_reward(elsewhere, name="There"), at=1)
    assert [found.name for found in figures(rich)] == ["Here"]
    assert [found.name for found in figures(elsewhere)] == ["There"]


@pytest.mark.django_db
def test_the_most_chosen_is_first_and_has_its_share_whatever_became_of_them(rich: Environment) -> None:
    tea, cake = make_reward(rich, name="Tea"), make_reward(rich, name="Cake", points=30, fulfilment="manual")
    for member in ("ada", "ada", "ben"):
        bought(rich, cake, member, at=1)
    first, second = Redemption.objects.filter(reward=cake).order_by("id")[:2]
    cancel(environment=rich, redemption=first.pk, actor=make_actor(), now=BEGIN + days(2))
    fail(environment=rich, redemption=second.pk, reason="Burnt", actor=make_actor(), now=BEGIN + days(2))
    bought(rich, tea, "cyd", at=1)
    (of_cake, of_tea) = figures(rich)
    assert (of_cake.name, of_cake.redemptions, of_cake.members) == ("Cake", 3, 2)
    assert (of_cake.share, of_tea.share) == (Decimal("0.7500"), Decimal("0.2500"))
    assert (of_cake.pending, of_cake.fulfilled, of_cake.cancelled, of_cake.failed) == (1, 0, 1, 1)
    assert (of_cake.points, of_tea.points) == (30, 100)
    assert (of_tea.codes_issued, of_tea.use_rate, of_tea.median_to_use, of_tea.p90_to_use) == (
        0,
        None,
        None,
        None,
    )


@pytest.mark.django_db
def test_codes_are_issued_used_or_expired_and_those_given_back_are_none_of_it(rich: Environment) -> None:
    reward = make_reward(rich, code_source="generated", code_pattern="T-########", code_valid_days=10)
    sold = [bought(rich, reward, at=1) for _ in range(6)]
    for redemption, hours in zip(sold, (1, 5, 48), strict=False):
        use(rich, redemption, at=1 + hours / 24)
    cancel(environment=rich, redemption=sold[3].pk, actor=make_actor(), now=BEGIN + days(3))
    (before,) = figures(rich, at=10)
    assert (before.codes_issued, before.codes_used, before.codes_expired) == (5, 3, 0)
    assert (before.use_rate, before.median_to_use) == (Decimal("0.6000"), timedelta(hours=5))
    assert before.p90_to_use == timedelta(hours=5 + 0.8 * 43)
    (after,) = figures(rich, at=11)
    assert (after.codes_issued, after.codes_used, after.codes_expired) == (5, 3, 2)


@pytest.mark.django_db
def test_it_counts_also_what_an_erased_member_had(rich: Environment) -> None:
    reward = make_reward(rich, code_source="generated", code_pattern="T-########")
    use(rich, bought(rich, reward, at=1), at=2)
    before = figures(rich)
    erase_member(environment=rich, member="ada", actor=make_actor(), now=BEGIN + days(3))
    assert figures(rich) == before


@pytest.mark.django_db
def test_members_who_were_merged_are_one_and_whoever_comes_after_an_erased_one_is_another(
    rich: Environment,
) -> None:
    reward = make_reward(rich)
    for member in ("ada", "ben", "cyd"):
        bought(rich, reward, member, at=1)
    actor, now = make_actor(), BEGIN + days(2)
    merge_members(environment=rich, member="ada", into="ben", reason=None, actor=actor, now=now)
    assert [(each.redemptions, each.members) for each in figures(rich)] == [(3, 2)]
    erase_member(environment=rich, member="cyd", actor=actor, now=now)
    give(rich, 100_000, "cyd", now=now)
    bought(rich, reward, "cyd", at=3)
    assert [(each.redemptions, each.members) for each in figures(rich)] == [(4, 3)]


@dataclass
class Sold:
    """What the story did with one redemption, noted as it happened."""

    reward: Reward
    member: str
    at: datetime
    points: int
    status: str
    used_after: timedelta | None = None
    expires_at: datetime | None = None


def story(environment: Environment, seed: int) -> Iterator[Sold]:
    """A month and a half of sales, uses, cancellations and failures, in the order of time."""
    rng = random.Random(seed)
    rewards = [
        make_reward(
            environment,
            name=f"Reward {number}",
            points=rng.choice([0, 10, 25]),
            fulfilment=rng.choice(["automatic", "manual"]),
            code_source=rng.choice(["none", "generated", "pool"]),
            code_pattern="T-########",
            code_valid_days=rng.choice([None, 3]),
        )
        for number in range(5)
    ]
    for reward in rewards:
        if reward.code_source == "pool":
            codes = [f"{reward.name[-1]}-{number}" for number in range(60)]
            add_codes(environment=environment, reward=reward, codes=codes, actor=make_actor(), now=BEGIN)
    for number in range(60):
        at = BEGIN + timedelta(hours=18 * number, minutes=rng.randrange(60))
        reward, member = rng.choice(rewards[: 1 + number % 5]), rng.choice(["ada", "ben", "cyd"])
        row = buy(environment, reward.public_id, member, now=at)
        sold = Sold(reward, member, at, reward.points or 0, str(row.status))
        if row.issued_code:
            sold.expires_at = row.issued_code.expires_at
        soon = at + timedelta(seconds=rng.randrange(1, 17 * 3600))
        deed = rng.choice(["nothing", "use", "use", "cancel", "fulfil", "fail"])
        who = {"environment": environment, "actor": make_actor(), "now": soon}
        if deed == "use" and row.issued_code:
            use_code(code=row.issued_code.code or "", place="Till 1", **who)
            sold.status, sold.used_after = "fulfilled", soon - at
        elif deed == "cancel":
            cancel(redemption=row.pk, **who)
            sold.status = "cancelled"
        elif deed in ("fulfil", "fail") and row.status == "pending":
            if deed == "fulfil":
                fulfil(redemption=row.pk, **who)
            else:
                fail(redemption=row.pk, reason="Gone", **who)
            sold.status = "fulfilled" if deed == "fulfil" else "failed"
        yield sold


def by_hand(sold: list[Sold], total: int, now: datetime) -> RewardFigures:
    def number(status: str) -> int:
        return sum(one.status == status for one in sold)

    standing = [one for one in sold if one.status in ("pending", "fulfilled")]
    with_code = standing if sold[0].reward.code_source != "none" else []
    waits = sorted(one.used_after.total_seconds() for one in with_code if one.used_after is not None)
    reward = sold[0].reward
    return RewardFigures(
        reward_id=reward.pk,
        program="default",
        metric="points",
        public_id=reward.public_id,
        name=reward.name,
        kind="custom",
        redemptions=len(sold),
        members=len({one.member for one in sold}),
        points=sum(one.points for one in standing),
        share=round(Decimal(len(sold)) / total, 4),
        pending=number("pending"),
        fulfilled=number("fulfilled"),
        cancelled=number("cancelled"),
        failed=number("failed"),
        codes_issued=len(with_code),
        codes_used=len(waits),
        codes_expired=sum(
            one.used_after is None and one.expires_at is not None and one.expires_at <= now
            for one in with_code
        ),
        use_rate=round(Decimal(len(waits)) / len(with_code), 4) if with_code else None,
        median_to_use=between(waits, 0.5),
        p90_to_use=between(waits, 0.9),
    )


def between(waits: list[float], part: float) -> timedelta | None:
    """The value at that part of the way through them; in between two, in proportion."""
    if not waits:
        return None
    place = part * (len(waits) - 1)
    low = int(place)
    high = min(low + 1, len(waits) - 1)
    return timedelta(seconds=round(waits[low] + (waits[high] - waits[low]) * (place - low)))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_of_a_busy_month_are_those_reckoned_by_hand(rich: Environment, seed: int) -> None:
    sold = [one for one in story(rich, seed) if one.at < END]
    with CaptureQueriesContext(connection) as seen:
        found = figures(rich)
    assert len(seen) == 1
    of = {key: [one for one in sold if one.reward.pk == key] for key in {one.reward.pk for one in sold}}
    wanted = [by_hand(some, len(sold), BEGIN + days(40)) for some in of.values()]
    assert found == sorted(wanted, key=lambda one: (-one.redemptions, one.name))
    assert sum(one.codes_used for one in found) > 3, "the story is worth its name"
    assert sum(one.cancelled for one in found) > 3
