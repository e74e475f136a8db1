"""What reads a ladder of points without its account's lock does not write over what the lock's holder decided."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.actions.events import record_event
from loyalty.ledger import posting
from loyalty.ledger.checks import violations
from programs.models import Environment
from tests.factories import give, make_actor, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.tiers.club import Club


def test_an_event_that_gives_nothing_leaves_levels_of_points_to_the_accounts_holder(
    committed_environment: Environment, together: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    club = Club(committed_environment)
    club.ladder()
    club.give(100)
    read, awarded = threading.Event(), threading.Event()
    write = posting.Journal.write

    def write_late(self: posting.Journal, *arguments: Any, **named: Any) -> None:
        if self.events:
            read.set()
            awarded.wait(0.5)  # it waits for the account meanwhile
        write(self, *arguments, **named)

    monkeypatch.setattr(posting.Journal, "write", write_late)

    def work(number: int) -> Any:
        if number == 0:
            return record_event(
                environment=reload(club.environment),
                event_id="visit-1",
                type="visit",
                member="ada",
                data={},
                actor=make_actor(),
                now=day(40),
            )
        assert read.wait(60)
        try:
            return give(club.environment, 150, now=day(40))
        finally:
            awarded.set()

    visit, entry = together(work, 2)
    assert (visit.event.type, entry.points) == ("visit", 150)
    assert club.changes() == [
        ("reached", None, "silver", 100, day(0)),
        ("lowered", "silver", None, 0, datetime(2026, 4, 1, tzinfo=UTC)),
        ("reached", None, "silver", 150, day(40)),
    ]
    assert club.level() == "silver"
    assert list(violations(environment=club.environment)) == []
