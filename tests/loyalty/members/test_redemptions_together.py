"""Merges and erasures run at the same time as what is done with redemptions: real threads, exact outcomes."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from audit.errors import NotFound
from audit.models import AuditEvent
from loyalty.errors import MemberLimitReached, NotReversible, RedemptionClosed, ServiceUnavailable
from loyalty.ledger.checks import violations
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import IdempotencyRecord, Member, Redemption, RewardCode
from programs.models import Environment
from tests.loyalty.members.person import places_of
from tests.loyalty.members.shop import Shop
from tests.waiting import while_uncommitted

Together = Callable[..., list[Any]]
IN_ITS_POOL = ["loyalty_rewardcode.code: 1"]


@pytest.fixture
def shop(committed_environment: Environment) -> Shop:
    shop = Shop(committed_environment)
    shop.give(500)
    shop.give(500, "bob")
    return shop


def counted(outcomes: list[Any]) -> Counter[str]:
    return Counter(
        type(outcome).__name__ if isinstance(outcome, Exception) else "done" for outcome in outcomes
    )


def assert_sound(shop: Shop) -> None:
    assert [str(found) for found in violations(environment=shop.environment)] == []


def statuses(shop: Shop) -> Counter[str]:
    rows = Redemption.objects.filter(environment_id=shop.environment.id)
    return Counter(rows.values_list("status", flat=True))


# -- merge and redeem


@pytest.mark.parametrize("name", ["mug", "miles", "badge"])
def test_what_is_bought_while_two_become_one_is_bought_once(
    shop: Shop, together: Together, name: str
) -> None:
    shop.reward(name)

    def work(number: int) -> Any:
        if number == 3:
            return shop.merge("bob", "ada")
        return shop.redeem(name, "bob" if number % 2 else "ada")

    outcomes = together(work, threads=8)
    most = 3 if name == "badge" else 7  # by its limit, together
    bought = Redemption.objects.filter(environment_id=shop.environment.id).count()
    assert counted(outcomes)["done"] == bought + 1
    assert counted(outcomes) - Counter(done=8) <= Counter({MemberLimitReached.__name__: 4})
    cost = bought * {"mug": 100, "miles": 40, "badge": 10}[name]
    assert (shop.total("ada"), shop.total("bob")) == (1000 - cost, 0)
    if name == "mug":
        assert (shop.stock().taken, shop.available()) == (bought, 10 - bought)
    if name == "miles":
        assert (shop.total("ada", "miles"), shop.total("bob", "miles")) == (20 * bought, 0)
    if name == "badge":
        assert (shop.items("ada"), shop.items("bob")) == ({"badge": bought}, {})
    assert most <= bought <= 7
    assert_sound(shop)


@pytest.mark.parametrize("name", ["tea", "miles", "badge"])
def test_who_buys_while_a_merge_is_committed_buys_for_the_survivor(shop: Shop, name: str) -> None:
    shop.reward(name)
    row = while_uncommitted(lambda: shop.merge("ada", "bob"), lambda: shop.redeem(name))
    assert shop.stored(row).member_id == shop.key("bob")
    assert (shop.total("ada"), shop.total("bob")) == (0, 1000 - row.points)
    assert_sound(shop)


# -- merge and cancel


def patiently(call: Callable[[], Any]) -> Any:
    """What it answers; once more where it was told to come back, as on a slow machine."""
    for _ in range(5):
        try:
            return call()
        except ServiceUnavailable:
            continue
    return call()


def test_cancelling_while_two_become_one_gives_everything_back_once(shop: Shop, together: Together) -> None:
    rows = [shop.redeem(name, "bob") for name in ("mug", "miles", "badge", "voucher")]

    def work(number: int) -> Any:
        if number == 2:
            return patiently(lambda: shop.merge("bob", "ada"))
        return patiently(lambda: shop.take_back(rows[number % 4]))

    outcomes = together(work, threads=8)
    assert counted(outcomes) == {"done": 5, RedemptionClosed.__name__: 3}
    assert statuses(shop) == {"cancelled": 4}
    assert (shop.total("ada"), shop.total("bob")) == (1000, 0)
    assert (shop.total("ada", "miles"), shop.items("ada"), shop.items("bob")) == (0, {}, {})
    assert (shop.stock().taken, shop.available()) == (0, 10)
    assert_sound(shop)


@pytest.mark.parametrize("name", ["tea", "miles", "badge"])
def test_who_cancels_while_a_merge_is_committed_gives_it_back_to_the_survivor(shop: Shop, name: str) -> None:
    row = shop.redeem(name)
    while_uncommitted(lambda: shop.merge("ada", "bob"), lambda: shop.take_back(row))
    assert (shop.total("ada"), shop.total("bob")) == (0, 1000)
    assert (shop.items("ada"), shop.items("bob")) == ({}, {})
    assert_sound(shop)


# -- erase and use


def test_a_code_is_used_before_its_member_is_erased_or_not_at_all(shop: Shop, together: Together) -> None:
    rows = [shop.redeem("voucher") for _ in range(4)] + [shop.redeem("mug")]
    texts = [shop.text_of(row) for row in rows]

    def work(number: int) -> Any:
        if number == 2:
            return patiently(shop.erase)
        return patiently(lambda: shop.use(texts[number], f"place-{shop.environment.id.hex}"))

    outcomes = together(work, threads=5)
    done = [number for number in (0, 1, 3, 4) if not isinstance(outcomes[number], Exception)]
    assert set(counted(outcomes)) <= {"done", NotFound.__name__, RedemptionClosed.__name__}
    used = RewardCode.objects.filter(environment_id=shop.environment.id, status="used")
    assert {code.redemption_id for code in used} == {rows[number].pk for number in done}
    assert shop.stock().taken == (4 in done)
    assert [places_of(text) for text in texts] == [[], [], [], [], IN_ITS_POOL]
    assert places_of(f"place-{shop.environment.id.hex}") == []
    assert_sound(shop)


def test_a_till_that_waits_for_an_erasure_finds_no_code(shop: Shop) -> None:
    row = shop.redeem("mug")
    text = shop.text_of(row)
    sent = Idempotency("", "till", b"f" * 32, lambda used: (200, f'{{"code":"{text}"}}'))
    with pytest.raises(RedemptionClosed):
        while_uncommitted(shop.erase, lambda: shop.use(text, "Till 1", idempotency=sent))
    assert shop.code_of(row).status == "void"
    assert places_of(text) == IN_ITS_POOL
    assert not AuditEvent.objects.filter(environment_id=shop.environment.id, verb="rewardcode.used").exists()
    assert_sound(shop)


def test_an_erasure_that_waits_for_a_till_forgets_what_it_wrote(shop: Shop) -> None:
    row = shop.redeem("mug")
    text = shop.text_of(row)
    sent = Idempotency("", "till", b"f" * 32, lambda used: (200, f'{{"code":"{text}"}}'))
    while_uncommitted(lambda: shop.use(text, "Till 1", idempotency=sent), shop.erase)
    assert (shop.stored(row).status, shop.code_of(row).status) == ("fulfilled", "used")
    assert places_of(text) == IN_ITS_POOL
    assert IdempotencyRecord.objects.get(key="till", environment_id=shop.environment.id).answer == (
        '{"erased": true}'
    )
    assert_sound(shop)


# -- erase and redeem


@pytest.mark.parametrize("name", ["mug", "coffee", "badge"])
def test_what_is_bought_while_a_member_is_erased_goes_with_them_or_is_the_successors(
    shop: Shop, together: Together, name: str
) -> None:
    shop.reward(name)
    shop.give(1)

    def work(number: int) -> Any:
        return shop.erase() if number == 3 else shop.redeem(name)

    outcomes = together(work, threads=7)
    erased = Member.objects.get(environment=shop.environment, status="erased")
    theirs = Redemption.objects.filter(member=erased)
    others = Redemption.objects.filter(environment_id=shop.environment.id).exclude(member=erased)
    assert theirs.count() + others.count() == counted(outcomes)["done"] - 1
    assert not theirs.filter(status="pending").exists()
    assert shop.total() == 0
    if name == "mug":  # a successor has nothing to pay with
        assert others.count() == 0
        assert shop.stock().taken == 0
    if name == "coffee":  # that costs nothing
        assert counted(outcomes) == {"done": 7}
        assert set(others.values_list("status", flat=True)) <= {"pending"}
    assert_sound(shop)


def test_an_erasure_and_a_cancellation_at_once_end_it_once(shop: Shop, together: Together) -> None:
    row = shop.redeem("mug")
    outcomes = together(lambda number: shop.take_back(row) if number else shop.erase(), threads=2)
    assert not isinstance(outcomes[0], Exception)
    assert counted(outcomes) in ({"done": 2}, {"done": 1, NotReversible.__name__: 1})
    assert (shop.stored(row).status, shop.stock().taken, shop.total()) == ("cancelled", 0, 0)
    # A cancellation in time gave the code back to its pool.
    assert shop.available() == (10 if counted(outcomes)["done"] == 2 else 9)
    assert_sound(shop)
