"""Under any interleaving: no overspend, no oversell, no limit exceeded, no code twice (domain.md 5.1)."""

from collections import Counter
from threading import Event, get_ident
from typing import Any

import pytest

from audit.errors import DomainError
from loyalty.errors import LoyaltyError
from loyalty.models import Account, LedgerEntry, Redemption, RewardCode, RewardStock
from programs.code_patterns import fill
from tests.factories import make_member, make_metric
from tests.loyalty.redemptions.racing import Together, attempt, flat, outcomes
from tests.loyalty.redemptions.shop import Shop


def totals(shop: Shop) -> Counter[int]:
    """How many accounts have how many points."""
    accounts = Account.objects.filter(environment_id=shop.environment.pk, metric__code="points")
    return Counter(accounts.values_list("total", flat=True))


def count(shop: Shop, **about: Any) -> int:
    return Redemption.objects.filter(environment_id=shop.environment.pk, **about).count()


def test_forty_members_in_32_threads_want_ten_of_a_stock(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    for number in range(40):
        shop.give(100, f"m{number}")
    reward = shop.reward(stock=10, code_source="generated")

    def buy(number: int) -> list[Any]:
        mine = range(number, 40, 32)
        return [attempt(lambda who=who: shop.redeem(reward, f"m{who}")) for who in mine]  # type: ignore[misc]

    assert outcomes(flat(together(buy, 32))) == {"done": 10, "out_of_stock": 30}
    assert (shop.taken(reward), count(shop)) == (10, 10)
    assert totals(shop) == {0: 10, 100: 30}
    assert RewardCode.objects.filter(reward=reward).count() == 10


def test_two_hundred_members_want_a_hundred_codes(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    reward = shop.pool(*(f"CODE-{number}" for number in range(100)), points=0)

    def buy(number: int) -> list[Any]:
        mine = range(number, 200, 20)
        return [attempt(lambda who=who: shop.redeem(reward, f"m{who}")) for who in mine]  # type: ignore[misc]

    results = flat(together(buy, 20))
    assert outcomes(results) == {"done": 100, "out_of_stock": 100}
    given = [each.issued_code.code for each in results if not isinstance(each, LoyaltyError)]
    assert sorted(given) == sorted(f"CODE-{number}" for number in range(100))
    assert set(shop.codes(reward).values()) == {"issued"}


def test_one_member_in_sixteen_threads_may_have_it_once(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    shop.give(1000)
    reward = shop.reward(limit_times=1, limit_per="day", stock=5)
    results = together(lambda number: shop.redeem(reward))
    assert outcomes(results) == {"done": 1, "member_limit_reached": 15}
    assert (shop.total(), shop.taken(reward), count(shop)) == (900, 1, 1)


def test_somebody_new_in_sixteen_threads_may_have_it_once(open_shop: Shop, together: Together) -> None:
    """The member and the account are made by whoever comes first."""
    shop = open_shop
    reward = shop.reward(points=0, limit_times=1)
    assert outcomes(together(lambda number: shop.redeem(reward))) == {
        "done": 1,
        "member_limit_reached": 15,
    }


def test_a_balance_for_one_of_two_rewards_buys_one(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    xp = make_metric(shop.environment, "xp")
    shop.give(100)
    rewards = [shop.reward(stock=9), shop.reward("metric", gives_metric=xp, gives_points=30)]
    results = together(lambda number: shop.redeem(rewards[number % 2]))
    assert outcomes(results) == {"done": 1, "insufficient_balance": 15}
    assert (shop.total(), count(shop)) == (0, 1)
    assert LedgerEntry.objects.filter(account=shop.account(), type="redeemed").count() == 1


@pytest.mark.parametrize("tills", [2, 8])
def test_a_code_at_several_tills_is_used_at_one(open_shop: Shop, together: Together, tills: int) -> None:
    shop = open_shop
    xp = make_metric(shop.environment, "xp")
    reward = shop.reward(
        "metric", points=1, gives_metric=xp, gives_points=30, fulfilment="manual", code_source="pool"
    )
    shop.add(reward, "ONE")
    shop.give(1)
    made = shop.redeem(reward)
    results = together(lambda number: shop.use("ONE", f"Till {number}"), tills)
    assert outcomes(results) == {"done": 1, "code_already_used": tills - 1}
    winner = next(n for n, each in enumerate(results) if not isinstance(each, Exception))
    assert shop.code(made).used_place == f"Till {winner}"
    told = {each.data["used_place"] for each in results if isinstance(each, DomainError)}
    assert told == {f"Till {winner}"}
    assert shop.total(metric="xp") == 30


def test_a_code_is_used_or_its_redemption_cancelled(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    shop.give(400)
    reward = shop.reward(code_source="generated", stock=4)
    made = [shop.redeem(reward) for _ in range(4)]
    texts = [each.issued_code.code for each in made if each.issued_code and each.issued_code.code]
    results = together(
        lambda n: shop.use(texts[n % 4]) if n < 4 else shop.undo(made[n % 4]),
        8,
    )
    used = sum(shop.code(each).status == "used" for each in made)
    undone = sum(shop.status(each) == "cancelled" for each in made)
    assert used + undone == 4
    assert (
        outcomes(results)
        == Counter({"done": 4, "code_already_used": used, "redemption_closed": undone}) - Counter()
    )
    assert (shop.total(), shop.taken(reward)) == (100 * undone, used)


def test_nothing_is_given_back_twice(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    item = shop.item()
    shop.give(100)
    reward = shop.reward("inventory_item", gives_item=item, code_source="pool", stock=2)
    shop.add(reward, "ONE")
    made = shop.redeem(reward)
    results = together(lambda number: shop.undo(made), 8)
    assert outcomes(results) == {"done": 1, "redemption_closed": 7}
    assert (shop.total(), shop.taken(reward), shop.quantity(item)) == (100, 0, 0)
    assert shop.codes(reward) == {"ONE": "available"}


def test_what_is_fulfilled_and_cancelled_at_once_ends_cancelled_with_everything_back(
    open_shop: Shop, together: Together
) -> None:
    shop = open_shop
    xp = make_metric(shop.environment, "xp")
    shop.give(400)
    reward = shop.reward("metric", gives_metric=xp, gives_points=30, fulfilment="manual")
    made = [shop.redeem(reward) for _ in range(4)]
    results = together(lambda n: shop.fulfil(made[n % 4]) if n < 4 else shop.undo(made[n % 4]), 8)
    assert outcomes(results[4:]) == {"done": 4}
    assert set(outcomes(results[:4])) <= {"done", "redemption_closed"}
    assert count(shop, status="cancelled") == 4
    assert (shop.total(), shop.total(metric="xp")) == (400, 0)


def test_after_a_pause_nothing_is_sold(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    reward = shop.reward(points=0, stock=1000)
    paused = Event()

    def work(number: int) -> list[tuple[bool, Any]]:
        if number == 0:
            shop.save(reward, status="paused")
            paused.set()
            return []
        return [(paused.is_set(), attempt(lambda: shop.redeem(reward, f"m{number}"))) for _ in range(6)]

    results = flat(together(work, 6))
    met = outcomes([result for _, result in results])
    assert met["done"] + met["reward_not_available"] == 30
    late = [result for after, result in results if after]
    assert set(outcomes(late)) <= {"reward_not_available"}
    assert (shop.taken(reward), count(shop)) == (met["done"], met["done"])


def test_stock_is_changed_while_it_is_sold(open_shop: Shop, together: Together) -> None:
    """Neither loses a deadlock to the other, and nothing is sold beyond what there was."""
    shop = open_shop
    reward = shop.reward(points=0, stock=10)

    def work(number: int) -> list[Any]:
        if number < 2:
            return [
                # More than all buy together: below what is taken it would rightly be refused.
                attempt(lambda step=step: shop.save(reward, stock=36 + step, name=f"N{number}{step}"))  # type: ignore[misc]
                for step in range(6)
            ]
        return [attempt(lambda: shop.redeem(reward, f"m{number}")) for _ in range(6)]

    results = together(work, 8)
    met = outcomes(flat(results[2:]))
    assert outcomes(flat(results[:2])) == {"done": 12}
    assert met["done"] + met["out_of_stock"] == 36
    stock = RewardStock.objects.get(reward=reward)
    assert stock.taken == met["done"] == count(shop)
    assert stock.stock
    assert stock.taken <= stock.stock


def test_sixteen_codes_that_would_be_one_end_as_sixteen(
    open_shop: Shop, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop
    reward = shop.reward(points=0, code_source="generated", code_pattern="TEA-########")
    fresh = iter(range(1000))
    threads_seen: set[int] = set()

    def collide(pattern: str, _: Any) -> str:
        if get_ident() not in threads_seen:
            threads_seen.add(get_ident())
            return "TEA-22222222"
        return f"TEA-{next(fresh):08}"

    monkeypatch.setattr("loyalty.actions.redemptions.fill", collide)
    assert outcomes(together(lambda number: shop.redeem(reward, f"m{number}"))) == {"done": 16}
    codes = shop.codes(reward)
    assert (len(codes), codes["TEA-22222222"]) == (16, "issued")


def test_a_pattern_that_is_used_up_ends_in_a_clear_answer(
    open_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop
    reward = shop.reward(points=0, code_source="generated", code_pattern="########")
    monkeypatch.setattr("loyalty.actions.redemptions.fill", lambda pattern, _: fill(pattern, lambda _: 0))
    shop.redeem(reward, "ada")
    result = attempt(lambda: shop.redeem(reward, "bob"))
    assert outcomes([result]) == {"service_unavailable": 1}
    assert count(shop) == 1


def test_two_become_one_while_both_are_buying(open_shop: Shop, together: Together) -> None:
    shop = open_shop
    for member in ("ada", "bob"):
        make_member(shop.environment, member)
        shop.give(50, member)
    reward = shop.reward(points=10)

    def work(number: int) -> list[Any]:
        if number == 0:
            return [attempt(lambda: shop.merge("bob", "ada"))]
        return [attempt(lambda: shop.redeem(reward, ("ada", "bob")[number % 2])) for _ in range(2)]

    met = outcomes(flat(together(work, 8)))
    assert met == {"done": 11, "insufficient_balance": 4}
    assert (shop.total(), shop.total("bob"), count(shop)) == (0, 0, 10)
