"""The command says clearly what it read and what it found, and exits accordingly."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from loyalty.models import Member
from programs.models import StampProgram
from tests.loyalty.ledger.checking import check
from tests.loyalty.ledger.falsify import falsify
from tests.loyalty.ledger.story import Story
from tests.loyalty.stamps.cafe import Cafe


def test_the_command_counts_what_it_read(story: Story) -> None:
    story.give(100)
    story.give(100, "bea")
    story.spend(10)
    seen = "2 accounts, 3 entries, 2 lots, 0 stamp cards, 0 stamps, 0 achievements"
    assert check(environment=str(story.environment.id)) == f"{seen}: no violation\n"
    assert check(environment=str(story.environment.id), member="bea").startswith("1 accounts, 1 entries")


def test_the_command_counts_stamp_cards_too(cafe: Cafe, coffee: StampProgram) -> None:
    cafe.join(coffee, "bob")
    seen = "0 accounts, 0 entries, 0 lots, 2 stamp cards, 5 stamps, 0 achievements"
    err = StringIO()
    said = check(environment=str(cafe.environment.id), progress=True, stderr=err)
    assert (said, err.getvalue()) == (f"{seen}: no violation\n", f"{seen}\n")
    bobs = check(environment=str(cafe.environment.id), member="bob", json=True)
    counts = {"accounts": 0, "entries": 0, "lots": 0, "stamp_cards": 1, "stamps": 0, "achievements": 0}
    assert json.loads(bobs) == {**counts, "violations": {}}


def test_a_violation_names_the_check_the_row_and_the_member(story: Story) -> None:
    story.give(100)
    entry = story.give(50)
    falsify(entry, balance_after=151)
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_ledger", environment=str(story.environment.id), no_digests=True, stdout=out)
    assert stopped.value.code == 1
    line = (
        f"balance_after_chains: loyalty_ledgerentry txn_{entry.pk.hex} of member ada:"
        " expected 150, found 151. An entry's balance_after is the one before it plus its points."
    )
    seen = "1 accounts, 2 entries, 2 lots, 0 stamp cards, 0 stamps, 0 achievements"
    assert out.getvalue().splitlines() == [line, f"{seen}: 1 violations of 1 checks"]


def test_a_violation_as_json(story: Story) -> None:
    entry = story.give(50)
    falsify(entry, balance_after=51)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "check_ledger", environment=str(story.environment.id), json=True, no_digests=True, stdout=out
        )
    assert [json.loads(line) for line in out.getvalue().splitlines()] == [
        {
            "check": "balance_after_chains",
            "sentence": "An entry's balance_after is the one before it plus its points.",
            "table": "loyalty_ledgerentry",
            "id": str(entry.pk),
            "public_id": f"txn_{entry.pk.hex}",
            "environment": str(story.environment.id),
            "member": "ada",
            "member_id": str(entry.member_id),
            "expected": "50",
            "found": "51",
        },
        {
            "accounts": 1,
            "entries": 1,
            "lots": 1,
            "stamp_cards": 0,
            "stamps": 0,
            "achievements": 0,
            "violations": {"balance_after_chains": 1},
        },
    ]


def test_rows_beyond_the_limit_are_counted(story: Story) -> None:
    for number in range(5):
        story.give(100, f"member-{number}")
        falsify(story.account(f"member-{number}"), sequence=2)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("check_ledger", environment=str(story.environment.id), limit=2, stdout=out)
    *shown, more, last = out.getvalue().splitlines()
    assert len(shown) == 2
    assert more == "sequence_is_last: 3 more rows are not shown (--limit 2)."
    assert (
        last
        == "5 accounts, 5 entries, 5 lots, 0 stamp cards, 0 stamps, 0 achievements: 5 violations of 1 checks"
    )


def test_progress_goes_to_stderr_where_it_is_asked_for(story: Story) -> None:
    story.give(100)
    err = StringIO()
    check(environment=str(story.environment.id), progress=True, stderr=err)
    assert "1 accounts, 1 entries, 1 lots" in err.getvalue()
    err = StringIO()
    check(environment=str(story.environment.id), stderr=err)
    assert err.getvalue() == ""


def test_an_unknown_environment_is_told_which_there_are(story: Story) -> None:
    for wrong in ("live", str(uuid4())):
        with pytest.raises(CommandError, match=str(story.environment.id)) as refused:
            check(environment=wrong)
        assert refused.value.returncode == 2


def test_an_unknown_member_is_told_which_there_are(story: Story) -> None:
    story.give(100)
    with pytest.raises(CommandError, match=r"There is no member 'eve' in .*, which has 1: ada"):
        check(environment=str(story.environment.id), member="eve")


def test_a_member_without_its_environment_is_refused(story: Story) -> None:
    with pytest.raises(CommandError, match="--member needs --environment"):
        check(member="ada")


def test_a_member_can_be_named_by_its_key(story: Story) -> None:
    story.give(100)
    key = str(Member.objects.get(environment=story.environment).pk)
    assert check(environment=str(story.environment.id), member=key).startswith("1 accounts")


def test_the_limit_is_not_below_zero(story: Story) -> None:
    with pytest.raises(CommandError, match="0 or more"):
        check(limit=-1)
