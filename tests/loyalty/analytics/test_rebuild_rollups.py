"""`manage.py rebuild_rollups`: rows are made anew from the ledger, and one that was altered is found."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from loyalty.models import LedgerEntry, RollupPosition
from loyalty.queries.analytics.recounting import differences
from programs.models import Environment
from tests.factories import give
from tests.loyalty.analytics.rolled import roll, stored_rows
from tests.loyalty.analytics.test_rolling_up import NOW, issued

_TENTH = "FROM loyalty_pointsofday WHERE day = '2026-03-10' AND environment_id = %s"


class TestCommand:
    """`manage.py rebuild_rollups`, with and without `--check`."""

    @pytest.fixture
    def rolled(self, environment: Environment) -> Environment:
        for number in range(3):
            give(environment, 10, f"member-{number}", now=NOW - timedelta(days=number))
        roll()
        give(environment, 1, now=NOW)  # behind the position: neither stored nor missing
        return environment

    def run(self, environment: Environment, *arguments: str) -> str:
        said = StringIO()
        call_command("rebuild_rollups", "--environment", str(environment.pk), *arguments, stdout=said)
        return said.getvalue()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                "UPDATE loyalty_pointsofday SET issued = issued + 1 WHERE day = '2026-03-09' AND environment_id = %s",
                "points, 2026-03-09: issued is 11, by the ledger 10.",
            ),
            (
                "DELETE FROM loyalty_pointsofday WHERE day = '2026-03-08' AND environment_id = %s",
                "points, 2026-03-08: there is no row, though the ledger has entries of that day.",
            ),
            (
                "INSERT INTO loyalty_pointsofday SELECT environment_id, metric_id, day - 9, 0, 0, 0, 0, 0, 0, 0, 0 "
                + _TENTH,
                "points, 2026-03-01: there is a row, though the ledger has no entry of that day.",
            ),
            (
                "DELETE FROM loyalty_activemember WHERE day = '2026-03-08' AND environment_id = %s",
                "doesn't count as active",
            ),
            (
                "UPDATE loyalty_activemember SET day = day - 9 WHERE day = '2026-03-08' AND environment_id = %s",
                "counts as active, but has no entry of that day",
            ),
        ],
        ids=["altered", "removed", "inserted", "nobody active", "somebody active"],
    )
    def test_a_row_that_is_wrong_is_found_and_made_anew(
        self, rolled: Environment, change: str, words: str
    ) -> None:
        assert self.run(rolled, "--check").endswith("as the ledger says\n")
        before = stored_rows(rolled)
        with connection.cursor() as cursor:
            cursor.execute(change, [rolled.pk])
        wrong = stored_rows(rolled)
        assert wrong != before
        with pytest.raises(SystemExit) as ended, StringIO() as said:
            call_command("rebuild_rollups", "--environment", str(rolled.pk), "--check", stdout=said)
        assert ended.value.code == 1
        assert stored_rows(rolled) == wrong
        assert words in " ".join(each.sentence for each in differences(environment=rolled))
        assert "3 days of a metric: made anew" in self.run(rolled)
        assert stored_rows(rolled) == before
        assert issued(rolled) == 31

    def test_a_position_that_was_moved_is_found(self, rolled: Environment) -> None:
        RollupPosition.objects.update(event_id="ffffffff-ffff-ffff-ffff-ffffffffffff")
        ada = LedgerEntry.objects.latest("id").member_id
        assert [each.sentence for each in differences(environment=rolled)] == [
            "points, 2026-03-10: issued is 10, by the ledger 11.",
            f"points, 2026-03-10: member {ada} doesn't count as active, but has an entry of that day.",
        ]

    def test_it_says_what_it_did_as_json(self, rolled: Environment) -> None:
        assert json.loads(self.run(rolled, "--check", "--json")) == {"environments": 1, "differences": 0}
        lines = [json.loads(line) for line in self.run(rolled, "--json").splitlines()]
        assert lines[-1] == {"environments": 1, "days": 3}

    def test_an_organization_is_named(self, rolled: Environment) -> None:
        said = StringIO()
        call_command(
            "rebuild_rollups", "--organization", rolled.project.organization.name, "--check", stdout=said
        )
        assert said.getvalue() == "2 environments: as the ledger says\n"
        with pytest.raises(CommandError, match="There is no organization 'Nobody'"):
            call_command("rebuild_rollups", "--organization", "Nobody")

    def test_rows_of_no_environment_are_found(self, rolled: Environment) -> None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO loyalty_rollupzone VALUES (gen_random_uuid(), 'UTC')")
        with pytest.raises(SystemExit):
            call_command("rebuild_rollups", "--check", stdout=StringIO())
