"""Of a day that had stamped both cards of a merge, the survivor's stamp holds the day: while it does, nothing else of
that day stamps; when it is returned, the day is free (docs/members.md)."""

import pytest

from loyalty.ledger.checks import violations
from programs.models import Environment
from tests.loyalty.stamps.cafe import Cafe, verdicts


@pytest.mark.parametrize(
    ("back", "outcome", "live"), [("ada", "stamped_that_day", 1), ("bob", "stamped", 2)], ids=str
)
def test_the_day_is_free_when_the_survivors_own_stamp_of_it_is_returned(
    environment: Environment, back: str, outcome: str, live: int
) -> None:
    cafe = Cafe(environment)
    program = cafe.card("ada", "bob", stamps_per="day")
    for member in ("ada", "bob"):
        cafe.buy(f"of-{member}", "3.00", member)
    cafe.merge("ada", "bob")
    assert cafe.standing(program, "bob")[:4] == (2, [], 0, 2)
    (verdict,) = verdicts(cafe.buy("before", "3.00", "bob"))
    assert verdict[0] == "stamped_that_day"
    cafe.refund(f"of-{back}", member="bob")
    (verdict,) = verdicts(cafe.buy("later", "3.00", "bob"))
    assert verdict[0] == outcome
    assert cafe.standing(program, "bob")[:4] == (live, [], 0, live)
    assert [str(found) for found in violations(environment=cafe.environment)] == []
