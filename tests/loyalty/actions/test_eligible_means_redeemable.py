"""The catalogue and the redemption agree: what it calls eligible can be had, and what it refuses is refused
for the reason that it names first. Of any rewards, to a member with any past.

`LOYALTY_FAIRS=2000` tries so many of them, other ones each time.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, note, settings

from audit.errors import DomainError
from loyalty.actions.redemptions import redeem
from loyalty.models import Redemption
from loyalty.queries.balances import balances_of
from loyalty.queries.rewards import Offered, catalogue
from programs.models import Environment
from tests.loyalty.actions.fairs import NOW, Fair, Visit, fairs

FAIRS = int(os.environ.get("LOYALTY_FAIRS", "0"))
met: Counter[str] = Counter()


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done in it did not happen."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@cache
def tables() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'environment_id' ORDER BY 1"
        )
        return tuple(name for (name,) in cursor.fetchall())


def photo(environment: Environment) -> list[tuple[Any, ...]]:
    """Every row of the environment in every table, as digests; one statement."""
    each = (
        f"SELECT '{name}', count(*), md5(string_agg(row::text, '' ORDER BY row::text))"
        f" FROM {name} AS row WHERE environment_id = %(here)s"
        for name in tables()
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(each), {"here": environment.pk})
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def offers(visit: Visit) -> list[Offered]:
    return catalogue(environment=visit.environment, member="ada", now=NOW, rewards=visit.rewards)


def bought(visit: Visit, offered: Offered) -> Redemption | DomainError:
    try:
        row: Redemption = visit.act(
            redeem,
            member="ada",
            reward=offered.reward.public_id,
            points=offered.cost if offered.reward.cost_kind == "variable" else None,
        )
    except DomainError as refusal:
        return refusal
    return row


def check_refused(visit: Visit, offered: Offered, before: list[tuple[Any, ...]]) -> None:
    first = offered.refusals[0]
    refusal = bought(visit, offered)
    assert isinstance(refusal, DomainError), f"it was sold in spite of {offered.refusals}"
    assert (refusal.code, refusal.detail, refusal.data) == (first.code, first.detail, dict(first.data))
    assert photo(visit.environment) == before


def check_sold(visit: Visit, offered: Offered) -> None:
    with undone():
        row = bought(visit, offered)
        assert isinstance(row, Redemption), f"it was refused: {row!r}"
        metric = offered.reward.metric
        balances = balances_of(environment=visit.environment, member_id=row.member_id, now=NOW)
        after = next(each for each in balances if each.metric == metric)
        assert (row.points, row.balance) == (offered.cost, after.balance)
        (again,) = catalogue(environment=visit.environment, member="ada", now=NOW, rewards=[offered.reward])
        counts = offered.reward.limit_times is not None
        assert again.used == offered.used + counts
        assert again.left == (None if offered.left is None else offered.left - 1)


@settings(
    max_examples=FAIRS or 15,
    deadline=None,
    derandomize=not FAIRS,
    phases=[Phase.generate, *([Phase.shrink] if FAIRS else [])],
    suppress_health_check=list(HealthCheck),
)
@given(fair=fairs())
def visit_fair(fair: Fair) -> None:
    note(repr(fair))
    visit = Visit(fair)
    before = photo(visit.environment)
    found = offers(visit)
    assert photo(visit.environment) == before, "looking changes nothing, and makes nobody"
    for offered in found:
        if offered.refusals:
            check_refused(visit, offered, before)
        else:
            check_sold(visit, offered)
        assert photo(visit.environment) == before
        met[offered.refusals[0].code if offered.refusals else "eligible"] += 1


@pytest.mark.django_db
def test_what_the_catalogue_says_of_a_reward_is_what_redeeming_it_does() -> None:
    met.clear()
    visit_fair()
    assert met["eligible"] > met.total() / 8, f"the fairs were worth a visit: {met}"
    assert len(met) >= 6, f"the fairs were worth a visit: {met}"
