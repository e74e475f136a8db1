"""Anything is found by its id, from anywhere in the console."""

from audit.ids import public
from loyalty.models import Member
from loyalty.queries.search import find_anything
from programs.models import Environment
from tests.console.redeemed import TEN, buy, fill, offer
from tests.factories import make_challenge, make_coupon, make_environment
from tests.loyalty.ledger.till import Till


def test_holds_and_merged_members_are_found_for_what_they_are(environment: Environment) -> None:
    till = Till(environment)
    till.give(50, "ada")
    till.give(50, "bob")
    hold = till.hold(20, "ada")
    till.merge("bob", "ada")
    (found,) = find_anything(environment=environment, term=public("hold", hold.pk))
    assert (found.noun, found.key, found.description) == ("loyalty_hold", hold.pk, "20 held · hold")
    (merged,) = find_anything(environment=environment, term="bob")
    assert merged.description == "Merged member"


def test_redemptions_are_found_by_id_and_by_code_as_it_may_be_typed(environment: Environment) -> None:
    offer(environment, "rwd_ten", **TEN)
    made = buy(environment, "rwd_ten")
    code = str(made.issued_code)
    for term, title in (
        (public("red", made.pk), public("red", made.pk)),
        (code, code),
        (f" {code.lower()}", code),
    ):
        (found,) = find_anything(environment=environment, term=term)
        assert (found.title, found.noun, found.key) == (title, "loyalty_redemption", made.pk)
        assert found.description == "Ten off of ada · fulfilled redemption"
    assert find_anything(environment=environment, term=code[:-1]) == []


def test_a_code_that_nobody_has_yet_leads_nowhere(environment: Environment) -> None:
    fill(environment, offer(environment, "rwd_pool", name="Coffee", code_source="pool"), "CAFE-1")
    assert find_anything(environment=environment, term="CAFE-1") == []


def test_another_environments_redemption_and_code_are_not_found(environment: Environment) -> None:
    offer(environment, "rwd_ten", **TEN)
    made = buy(environment, "rwd_ten")
    for term in (public("red", made.pk), str(made.issued_code)):
        assert find_anything(environment=make_environment(), term=term) == []


def test_another_environments_hold_is_not_found(environment: Environment) -> None:
    till = Till(environment)
    till.give(50)
    hold = till.hold(20)
    assert find_anything(environment=make_environment(), term=public("hold", hold.pk)) == []


def test_challenges_and_coupons_are_found_by_their_titles_and_ids(environment: Environment) -> None:
    challenge, coupon = make_challenge(environment, title="Spring walk"), make_coupon(environment)
    other = make_environment()
    for term in ("ring WA", str(challenge.public_id)):
        (found,) = find_anything(environment=environment, term=term)
        assert (found.noun, found.key, found.title) == ("programs_challenge", challenge.pk, "Spring walk")
        assert found.description == "Active challenge"
        assert find_anything(environment=other, term=term) == []
    for term in ("free", "tea"):
        (found,) = find_anything(environment=environment, term=term)
        assert (found.noun, found.key, found.title) == ("programs_coupon", coupon.pk, "Free tea")
        assert found.description == "tea · coupon"
        assert find_anything(environment=other, term=term) == []


def test_members_are_found_by_the_beginning_of_their_id_in_any_case(environment: Environment) -> None:
    till = Till(environment)
    for name in ("Ada-1", "ada-2", "ADAM", "bob", "a%a"):
        till.give(1, name)
    found = find_anything(environment=environment, term="aDa")
    assert [hit.title for hit in found] == ["Ada-1", "ada-2", "ADAM"]
    assert [hit.title for hit in find_anything(environment=environment, term="a%")] == ["a%a"]
    assert find_anything(environment=make_environment(), term="ada") == []


def test_members_are_found_by_a_whole_address_that_is_an_attribute(environment: Environment) -> None:
    Till(environment).give(1, "ada")
    Member.objects.filter(environment=environment).update(
        attributes={"e_mail": "ada@example.com", "level": "gold"}
    )
    for term in ("ada@example.com", "Ada@Example.com"):
        (hit,) = find_anything(environment=environment, term=term)
        assert hit.title == "ada"
        assert find_anything(environment=make_environment(), term=term) == []
    for term in ("ada@example", "gold", 'x@y" || @ == "gold'):
        assert find_anything(environment=environment, term=term) == []


def test_rewards_and_metrics_are_found_by_a_part_of_their_name(environment: Environment) -> None:
    offer(environment, "rwd_ten", **TEN)
    assert [hit.noun for hit in find_anything(environment=environment, term="en OF")] == ["programs_reward"]
    assert "programs_metric" in [hit.noun for hit in find_anything(environment=environment, term="oint")]
    assert find_anything(environment=make_environment(), term="en OF") == []
