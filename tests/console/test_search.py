"""Anything is found by its id, from anywhere in the console."""

from audit.ids import public
from loyalty.queries.search import find_anything
from programs.models import Environment
from tests.factories import make_environment
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


def test_another_environments_hold_is_not_found(environment: Environment) -> None:
    till = Till(environment)
    till.give(50)
    hold = till.hold(20)
    assert find_anything(environment=make_environment(), term=public("hold", hold.pk)) == []
