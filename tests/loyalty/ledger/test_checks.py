"""The checks find nothing where nothing is wrong, read in chunks, and have their docs."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from loyalty.ledger.checks import CARDS, CHALLENGES, CHECKS, DIGEST, WHOLE, Inspection, violations
from loyalty.models import LedgerEntry, Lot, Member, Uncovered
from programs.models import Environment
from tests.factories import give, make_environment, make_metric
from tests.loyalty.ledger.checking import check
from tests.loyalty.ledger.falsify import falsify
from tests.loyalty.ledger.story import Story

# -- a ledger that was written by the product is clean


def _expiry(story: Story) -> None:
    story.give(100, expires_at=story.now + timedelta(days=1))
    story.later(days=2)
    story.give(1)
    assert LedgerEntry.objects.filter(type="expired", points=-100).count() == 1


def _vesting(story: Story) -> None:
    make_metric(story.environment, vesting_days=7)
    story.give(100)
    assert story.account().pending == 100
    story.later(days=8)
    story.spend(10)


def _reversed_spend(story: Story) -> None:
    story.give(100, expires_at=story.now + timedelta(days=30))
    story.give(50, expires_at=story.now + timedelta(days=10))
    spend = story.spend(120)
    story.reverse(spend, 30)
    story.later(days=20)
    story.reverse(spend)
    assert LedgerEntry.objects.filter(type="expired").count() >= 1


def _debt(story: Story) -> None:
    entry = story.give(100)
    story.spend(80)
    reversal = story.reverse(entry)
    story.give(30)
    assert story.uncovered(reversal).open == 50


def _shortfall(story: Story) -> None:
    entry = story.give(100, metric="miles")
    spend = story.spend(80, metric="miles")
    reversal = story.reverse(entry)
    story.reverse(spend, 30)
    assert story.uncovered(reversal).open == 50


def _expired_and_reversed(story: Story) -> None:
    entry = story.give(100, expires_at=story.now + timedelta(days=1))
    story.reverse(entry, 10)
    story.later(days=2)
    assert story.reverse(entry).points == 0


def _holds(story: Story) -> None:
    story.give(100, expires_at=story.now + timedelta(days=3))
    captured = story.hold(40)
    story.capture(captured, 30)
    story.cancel(captured, 20)
    story.release(story.hold(5))
    story.hold(7)
    story.later(days=8)
    story.give(1)
    story.hold(1)


def _transfers(story: Story) -> None:
    entry = story.give(100, expires_at=story.now + timedelta(days=3))
    story.give(100)
    story.transfer(150, "ada", "bea")
    story.reverse(entry)
    story.transfer(100, "bea", "ada")


def _merges(story: Story) -> None:
    """Lots, a hold, a debt and a shortfall go along, twice; then what came before is reversed."""
    for member in ("ada", "bea", "cid"):
        story.give(10, member, expires_at=story.now + timedelta(days=3))
        entry = story.give(100, member, metric="miles")
        story.spend(80, member, metric="miles")
        story.reverse(entry)
    spend, earned = story.spend(5), story.give(100, "bea")
    story.hold(50, "bea")
    owed = story.give(20, "cid")
    story.spend(30, "cid")
    story.reverse(owed)
    story.merge("ada", "bea")
    story.merge("bea", "cid")
    story.reverse(spend)
    story.reverse(earned)
    story.later(days=9)
    story.give(1, "cid")
    assert Lot.objects.filter(continues_id__isnull=False).exists()
    assert Uncovered.objects.filter(kind="shortfall", open__gt=0).exists()


def _erasures(story: Story) -> None:
    """Of a member with lots, a hold and a shortfall; of one in debt; of one that two were merged into."""
    entry = story.give(100, metric="miles")
    story.spend(80, metric="miles")
    story.reverse(entry)
    story.give(100, metadata={"order": 1})
    story.hold(30)
    owed = story.give(20, "bea")
    story.spend(20, "bea")
    story.reverse(owed)
    story.give(5, "cid")
    story.give(5, "dan")
    story.merge("cid", "dan")
    for member in ("ada", "bea", "dan"):
        story.erase(member)
    assert Member.objects.filter(environment=story.environment, status="erased").count() == 4
    story.give(7)  # the id comes back
    story.spend(3)


OPERATIONS: dict[str, Callable[[Story], Any]] = {
    "nothing": lambda story: None,
    "an award": lambda story: story.give(100),
    "an award that has expired": lambda story: story.give(100, expires_at=story.now - timedelta(days=1)),
    "a rule's award": lambda story: story.report(),
    "a spend": lambda story: (story.give(100), story.spend(80)),
    "adjustments": lambda story: (story.adjust(100), story.adjust(-30)),
    "an opening balance": lambda story: (
        make_metric(story.environment, default_value=500),
        story.give(1),
    ),
    "a metric's maximum": lambda story: (
        make_metric(story.environment, maximum=120),
        story.give(100),
        story.give(100),
    ),
    "expiry": _expiry,
    "vesting": _vesting,
    "a reversed spend": _reversed_spend,
    "debt": _debt,
    "a shortfall": _shortfall,
    "a reversal after expiry": _expired_and_reversed,
    "holds": _holds,
    "transfers": _transfers,
    "merges": _merges,
    "erasures": _erasures,
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_is_wrong_after(story: Story, operation: str) -> None:
    OPERATIONS[operation](story)
    assert [str(found) for found in violations(environment=story.environment)] == []
    seen = Inspection(environment=story.environment)
    assert list(seen.violations()) == []
    members = LedgerEntry.objects.filter(environment_id=story.environment.id)
    assert seen.entries == members.count()
    assert "no violation" in check(environment=str(story.environment.id))


# -- digests


def test_a_changed_reason_is_told_by_the_digest(story: Story) -> None:
    entry = story.give(100)
    falsify(entry, reason="Birthday")
    (found,) = violations(environment=story.environment)
    assert (found.check, found.id, found.expected) == ("digest_matches", entry.pk, entry.digest.hex())
    assert found.member == "ada"


@pytest.mark.parametrize("written", ["Purchase", "Purchase of crêpes"])
@pytest.mark.parametrize("added", ["\N{GRINNING FACE}", "\x7f", "é", "\\", " ", "\u2028"])
def test_no_letter_can_be_added_unseen(story: Story, written: str, added: str) -> None:
    entry = story.give(100, reason=written)
    falsify(entry, reason=written + added)
    assert [found.id for found in violations(environment=story.environment)] == [entry.pk]


def test_a_redacted_entry_can_not_be_compared(story: Story) -> None:
    entry = story.give(100, metadata={"order": 1})
    LedgerEntry.objects.filter(pk=entry.pk).update(reason=None, metadata=None, digest_salt=None)
    assert list(violations(environment=story.environment)) == []


def test_a_redaction_that_left_the_salt_is_a_change(story: Story) -> None:
    entry = story.give(100)
    LedgerEntry.objects.filter(pk=entry.pk).update(reason=None)
    (found,) = violations(environment=story.environment)
    assert (found.check, found.id) == ("digest_matches", entry.pk)


@pytest.mark.parametrize(
    "options",
    [
        {"reason": None},
        {"reason": 'A "quoted" \\ reason\twith tabs\n'},
        {"reason": "Café \N{GRINNING FACE} \x7f"},
        {"metadata": {"rate": 19.90, "deep": [1, {"big": 10**30}], "none": None, "é": True}},
    ],
)
def test_what_a_caller_may_write_keeps_its_digest(story: Story, options: dict[str, Any]) -> None:
    story.give(100, **options)
    story.later(microseconds=-story.now.microsecond)  # an instant without a fraction
    story.give(100, **options)
    assert list(violations(environment=story.environment)) == []


def test_the_database_proves_plain_entries_by_itself(story: Story) -> None:
    """Else a million entries would take minutes."""
    story.give(100)
    story.spend(40)
    story.report()
    with CaptureQueriesContext(connection) as queries:
        assert list(violations(environment=story.environment)) == []
    (statement,) = [query["sql"] for query in queries if "sha256" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchall() == []


# -- how it reads


def test_only_the_chosen_member_and_environment_are_read(story: Story) -> None:
    elsewhere = Story(make_environment())
    story.give(100)
    story.give(100, "bea")
    elsewhere.give(100)
    falsify(story.account("bea"), sequence=2)
    (found,) = violations(environment=story.environment)
    assert found.id == story.account("bea").pk
    assert list(violations(environment=elsewhere.environment)) == []
    assert list(violations(member_id=story.account("ada").member_id)) == []
    assert list(violations(member_id=story.account("bea").member_id)) == [found]
    assert found in list(violations())


@pytest.mark.parametrize("size", [{"accounts_a_chunk": 1}, {"entries_a_chunk": 1}, {"entries_a_chunk": 4}])
def test_no_account_is_left_out_between_chunks(story: Story, size: dict[str, Any]) -> None:
    names = [f"member-{number}" for number in range(7)]
    for name in names:
        story.give(100, name)
        story.spend(10, name)
        falsify(story.account(name), sequence=3)
    steps: list[int] = []
    seen = Inspection(environment=story.environment, progress=lambda now: steps.append(now.accounts), **size)
    assert sorted(str(found.member) for found in seen.violations()) == names
    assert (seen.accounts, seen.entries, seen.lots) == (7, 14, 7)
    assert steps == sorted(set(steps))
    assert steps[-1] == 7


def test_many_rows_of_a_check_are_counted_beyond_a_thousand(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        entry = story.give(100)
        falsify(story.lot(entry), earned_at=story.now - timedelta(days=1))
    monkeypatch.setattr("loyalty.ledger.checks.catalogue.ROWS_A_CHECK", 2)
    monkeypatch.setattr("loyalty.ledger.checks.hits.ROWS_A_CHECK", 2)
    monkeypatch.setattr("loyalty.ledger.checks.inspection._STATEMENT", _statement())
    seen = Inspection(environment=story.environment)
    assert len(list(seen.violations())) == 2
    assert seen.left_out == {"lot_begins_with_its_entry": 1}


def _statement() -> str:
    from loyalty.ledger.checks.catalogue import statement

    return statement()


def test_the_number_of_statements_does_not_grow_with_the_rows(story: Story) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert list(violations(environment=story.environment)) == []
        return len(queries)

    story.give(100)
    few = statements()
    for number in range(10):
        story.give(100, f"member-{number}")
        story.spend(50, f"member-{number}")
    assert statements() == few


def test_the_settings_of_a_running_transaction_stay_as_they_were(story: Story) -> None:
    def settings() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('enable_nestloop'), current_setting('work_mem')")
            return cursor.fetchone()

    story.give(100)
    before = settings()
    assert list(violations(environment=story.environment)) == []
    assert settings() == before


def test_outside_a_transaction_each_chunk_has_a_snapshot_that_writes_nothing(
    committed_environment: Environment,
) -> None:
    for name in ("ada", "bea", "cid"):
        give(committed_environment, 100, name)
    seen = Inspection(environment=committed_environment, accounts_a_chunk=1)
    with CaptureQueriesContext(connection) as queries:
        assert list(seen.violations()) == []
    begun = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
    assert [query["sql"] for query in queries].count(begun) == 4  # three, and one that found no more
    assert not connection.in_atomic_block


def test_no_transaction_is_open_while_the_caller_looks(committed_environment: Environment) -> None:
    give(committed_environment, 100)
    account = committed_environment.members.get().accounts.get()
    with transaction.atomic():
        falsify(account, sequence=2)
        assert len(list(violations(environment=committed_environment))) == 1
        transaction.set_rollback(True)
    assert list(violations(environment=committed_environment)) == []


def test_a_ledger_that_is_being_written_to_is_never_caught_halfway(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    Story(committed_environment)

    def work(number: int) -> list[str]:
        if number % 4 == 0:
            seen = [violations(environment=committed_environment) for _ in range(5)]
            return [str(found) for run in seen for found in run]
        story = Story(committed_environment)
        mine, other = f"member-{number % 3}", f"member-{(number + 1) % 3}"
        for _ in range(5):
            story.give(100, mine)
            story.transfer(20, mine, other)
            hold = story.hold(10, mine)
            story.capture(hold, 5)
            story.reverse(story.spend(30, mine), 10)
        return []

    assert together(work, threads=8) == [[]] * 8
    assert list(violations(environment=committed_environment)) == []


# -- what there is


def test_each_check_has_a_name_of_its_own_and_a_sentence() -> None:
    names = [one.name for one in [*CHECKS, *CARDS, *CHALLENGES]]
    assert len(names) == len(set(names)) > 40
    assert [one.name for one in [*CHECKS, *CARDS, *CHALLENGES] if not one.sentence.endswith(".")] == []


def test_the_docs_have_every_check() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "checks.md").read_text()
    missing = [
        one.name
        for one in [*CHECKS, *CARDS, *CHALLENGES, DIGEST, *WHOLE.values()]
        if f"| `{one.name}` | {one.sentence} |" not in text
    ]
    assert missing == []
