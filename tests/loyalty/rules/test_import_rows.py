"""What the cells of an imported line say, exactly."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.rules.csv_text import UnreadableFileError
from loyalty.rules.import_files import unescaped, unescaped_headings
from loyalty.rules.import_rows import (
    BY_RULE,
    NEVER,
    LineError,
    member_columns,
    member_line,
    purchase_columns,
    purchase_line,
)

BERLIN = ZoneInfo("Europe/Berlin")
BOUGHT = {"event_id": "e-1", "member_id": "ada", "occurred_at": "2024-05-17", "amount": "1250.00"}


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("", BY_RULE),
        ("Never", NEVER),
        ("9999-12-31T23:59-23:00", NEVER),
        ("9999-12-31T23:59:59Z", NEVER),
        ("9001-01-01", NEVER),
        ("9000-12-31", datetime(9000, 12, 30, 23, tzinfo=UTC)),
        ("2027-03-31", datetime(2027, 3, 30, 22, tzinfo=UTC)),
        ("2027-01-31", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        ("2027-03-31 18:30", datetime(2027, 3, 31, 16, 30, tzinfo=UTC)),
        ("2027-03-28T02:30", datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        ("2027-03-31T18:30:01.5Z", datetime(2027, 3, 31, 18, 30, 1, 500_000, tzinfo=UTC)),
        ("2027-03-31T18:30+0200", datetime(2027, 3, 31, 16, 30, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_read_in_the_projects_zone(text: str, expires: object) -> None:
    line = member_line(2, {"member_id": "ada", "points": "5", "expires_at": text}, BERLIN)
    assert line.expires == expires


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"member_id": ""}, "member_id: It is missing."),
        ({"member_id": "x" * 201}, "member_id: At most 200 characters."),
        ({"member_id": "a\nb"}, "member_id: It has a control character"),
        ({"points": "-5"}, "points: A balance below zero"),
        ({"points": "12.5"}, "points: A whole number"),
        ({"points": "1,000"}, "points: A whole number"),
        ({"points": "1e3"}, "points: A whole number"),
        ({"points": "١٢"}, "points: A whole number"),
        ({"points": "1000000000001"}, "points: A whole number"),
        ({"points": "5", "expires_at": "31.03.2027"}, "expires_at: Write 2027-03-31"),
        ({"points": "5", "expires_at": "2027-02-30"}, "expires_at: There is no such date."),
        ({"points": "5", "expires_at": "0001-01-01"}, "expires_at: A date in the years 1900 to 9000."),
        ({"points": "5", "expires_at": "9999-02-30"}, "expires_at: There is no such date."),
        ({"points": "", "expires_at": "2027-02-28"}, "expires_at: There are no points"),
        ({"attributes.city": "x" * 1001}, "attributes.city: At most 1000 characters."),
    ],
)
def test_a_member_line_that_can_t_be_taken_says_why(cells: dict[str, str], told: str) -> None:
    with pytest.raises(LineError) as refusal:
        member_line(2, {"member_id": "ada", **cells}, BERLIN)
    assert str(refusal.value).startswith(told)


def test_attributes_are_texts_but_for_true_and_false_and_blank_ones_stay() -> None:
    cells = {"member_id": "ada", "attributes.zip": "01067", "attributes.vip": "true", "attributes.city": ""}
    assert member_line(2, cells, BERLIN).attributes == {"zip": "01067", "vip": True}


def test_lines_of_one_key_say_the_same_of_the_same_account() -> None:
    def key(member: str, points: str, **more: str) -> int:
        return member_line(2, {"member_id": member, "points": points, **more}, BERLIN).key

    one = key("ada", "5")
    assert one == key("ada", "7") == key("ada", "5.00", metric="points")
    others = {
        key("Ada", "5"),
        key("ada", "5", metric="xp"),
        key("ada", "5", expires_at="never"),
        key("ada", "0"),
    }
    assert len(others) == 4
    assert one not in others


def test_a_purchase_keeps_its_amount_as_it_is_written() -> None:
    items = '[{"sku": "a", "amount": 12.50, "quantity": 2}]'
    cells = {**BOUGHT, "currency": "gbp", "items": items, "data.store": "Lagos", "data.note": ""}
    line = purchase_line(2, cells, BERLIN)
    assert line.occurred_at == datetime(2024, 5, 16, 22, tzinfo=UTC)
    assert line.data["amount"] == "1250.00"
    assert line.data["currency"] == "GBP"
    assert line.data["store"] == "Lagos"
    assert str(line.data["items"][0]["amount"]) == "12.50"
    assert "note" not in line.data


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"event_id": ""}, "event_id: It is missing."),
        ({"occurred_at": ""}, "occurred_at: It is missing."),
        ({"occurred_at": "yesterday"}, "occurred_at: Write"),
        ({"occurred_at": "0001-01-01T00:00+23:00"}, "occurred_at: A date in the years 1900 to 9000."),
        ({"occurred_at": "1899-12-31"}, "occurred_at: A date in the years"),
        ({"occurred_at": "9001-01-01T00:00Z"}, "occurred_at: A date in the years"),
        ({"amount": "12,50"}, "amount: A number"),
        ({"amount": "-1"}, "amount: A number"),
        ({"amount": "1.1234567"}, "amount: At most 6"),
        ({"currency": "£"}, "currency: An ISO"),
        ({"items": "{}"}, "items: A JSON list"),
        ({"items": "[NaN]"}, "items: It is not JSON."),
        ({"items": '["\\u0000"]'}, "items: It has a character"),
        ({"items": "[1e9999999999999999999]"}, "items: It is not JSON."),
        ({"items": "[1e200]"}, "items: A number"),
        ({"items": "[" * 5000 + "]" * 5000}, "items: It is"),
        ({"items": "[" * 40 + "]" * 40}, "items: It is nested"),
    ],
)
def test_a_purchase_line_that_can_t_be_taken_says_why(cells: dict[str, str], told: str) -> None:
    with pytest.raises(LineError) as refusal:
        purchase_line(2, {**BOUGHT, **cells}, BERLIN)
    assert str(refusal.value).startswith(told)


def test_columns_are_known_in_any_case_and_a_wrong_one_is_named() -> None:
    assert member_columns(["Member ID", "Points", "attributes.City"]) == [
        "member_id",
        "points",
        "attributes.City",
    ]
    bought = ["event_id", "member-id", "occurred at", "AMOUNT", "store", "data.till"]
    assert purchase_columns(bought)[1:] == ["member_id", "occurred_at", "amount", "data.store", "data.till"]
    wrong = {
        ("points",): "no column “member_id”",
        ("member_id", "name"): "“name” is not known",
        ("member_id", "points", "Points"): "there twice",
        ("member_id", "attributes.a.b"): "no name of a column",
        ("member_id", "attributes."): "no name of a column",
    }
    for headings, told in wrong.items():
        with pytest.raises(UnreadableFileError, match=told):
            member_columns(list(headings))
    with pytest.raises(UnreadableFileError, match="“amount”"):
        purchase_columns(["event_id", "member_id", "occurred_at"])


def test_the_first_and_the_last_year_are_taken() -> None:
    years = [
        purchase_line(2, {**BOUGHT, "occurred_at": f"{year}-01-01T00:00Z"}, BERLIN).occurred_at.year
        for year in (1900, 9000)
    ]
    assert years == [1900, 9000]


def test_a_file_of_problems_is_read_as_what_it_was_made_from() -> None:
    headings = ["member_id", "attributes.phone", "import_line", "import_problem"]
    columns = member_columns(headings)
    assert unescaped(["'@ada", "'+44 20", "7", "x"], columns) == ["@ada", "+44 20", "7", "x"]
    assert unescaped(["'@ada", "'+44 20"], columns[:2]) == ["'@ada", "'+44 20"]
    assert unescaped_headings(["event_id", "'=x", "Import problem"]) == ["event_id", "=x", "Import problem"]
    assert unescaped_headings(["event_id", "'=x"]) == ["event_id", "'=x"]
