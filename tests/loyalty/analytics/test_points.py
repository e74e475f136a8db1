"""The figures of points by day and by period (docs/analytics.md)."""

from datetime import UTC, date, datetime, timedelta

from loyalty.actions.holds import hold_points
from loyalty.actions.points import spend
from loyalty.actions.reversals import reverse
from loyalty.ledger.settlement import settle_due
from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day, points_of_period
from programs.models import Environment, Metric
from tests.factories import give, make_actor, make_metric, reload

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_day_without_an_entry_is_there_and_carries_on_what_is_outstanding(environment: Environment) -> None:
    points = make_metric(environment)
    give(environment, 100, now=NOW - timedelta(days=2))
    give(environment, 30, "bob", now=NOW)
    first, last = date(2026, 3, 7), date(2026, 3, 10)

    days = points_by_day(environment=environment, metric=points, first=first, last=last, now=NOW)
    assert [(day.day.day, day.issued, day.outstanding) for day in days] == [
        (7, 0, 0),
        (8, 100, 100),
        (9, 0, 100),
        (10, 30, 130),
    ]
    period = points_of_period(environment=environment, metric=points, first=last, last=last, now=NOW)
    assert (period.opening, period.issued, period.closing) == (100, 30, 130)
    assert active_members(environment=environment, first=first, last=last, now=NOW) == 2
    each = active_by_day(environment=environment, first=first, last=last, now=NOW)
    assert [number for _, number in each] == [0, 1, 0, 1]


class TestWhatHasComeDue:
    """Nothing is written at the end of a lot or a hold; the figures count it all the same."""

    def expired(self, environment: Environment, metric: Metric) -> dict[int, int]:
        """By the day of March, those that have any, before and after the sweep has written it."""
        now = NOW + timedelta(days=9)
        said = []
        for _ in range(2):
            days = points_by_day(
                environment=environment, metric=metric, first=NOW.date(), last=now.date(), now=now
            )
            said.append({each.day.day: each.expired for each in days if each.expired})
            while settle_due(environment=environment, actor=make_actor(), now=now).accounts:
                pass
        assert said[0] == said[1]
        return said[0]

    def test_a_lot_expires_on_its_day(self, environment: Environment) -> None:
        give(environment, 100, now=NOW, expires_at=NOW + timedelta(days=3))
        give(environment, 7, "bob", now=NOW, expires_at=NOW + timedelta(days=30))
        assert self.expired(environment, make_metric(environment)) == {13: 100}

    def test_held_points_expire_when_their_hold_lapses(self, environment: Environment) -> None:
        give(environment, 100, now=NOW, expires_at=NOW + timedelta(days=3))
        hold_points(
            environment=environment,
            member="ada",
            points=40,
            expires_at=NOW + timedelta(days=5),
            actor=make_actor(),
            now=NOW,
        )
        assert self.expired(environment, make_metric(environment)) == {13: 60, 15: 40}

    def test_points_that_vest_pay_a_debt_before_they_expire(self, environment: Environment) -> None:
        entry = give(environment, 50, now=NOW)
        spend(environment=environment, member="ada", points=50, reason=None, actor=make_actor(), now=NOW)
        reverse(
            environment=environment, entry=entry.pk, points=None, reason=None, actor=make_actor(), now=NOW
        )
        points = make_metric(environment, vesting_days=2)
        environment = reload(environment)
        give(environment, 80, now=NOW, expires_at=NOW + timedelta(days=4))
        assert self.expired(environment, points) == {14: 30}
