"""Codes: patterns, what a code may look like, how it is found again, and what is in a file of them."""

import re
import secrets
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.rules.code_files import read_codes
from loyalty.rules.codes import LONGEST, TOLD, Problem, canonical_code, code_fault, lookups, sift
from loyalty.rules.csv_text import UnreadableFileError
from programs.code_patterns import ALPHABET, DEFAULT_PATTERN, fill, pattern_fault

PATTERN = re.compile(f"REDEEM-[{ALPHABET}]{{8}}")


def fault_of(pattern: str) -> str | None:
    fault = pattern_fault(pattern)
    return fault.code if fault else None


# Patterns


@pytest.mark.parametrize(
    "pattern", [DEFAULT_PATTERN, "########", "GIFT-2026-####-####", "#" * 64, "0-1-########"]
)
def test_a_pattern_with_eight_random_characters_is_right(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("", "blank"),
        ("REDEEM-#######", "too_short"),
        ("REDEEM", "too_short"),
        ("#" * 65, "too_long"),
        ("redeem-########", "invalid_value"),
        ("REDEEM ########", "invalid_value"),
        ("ÄÖ-########", "invalid_value"),
        ("########\n", "invalid_value"),
        ("٣########", "invalid_value"),
    ],
)
def test_a_faulty_pattern_is_refused_with_its_reason(pattern: str, code: str) -> None:
    assert fault_of(pattern) == code


def test_each_mark_becomes_one_of_32_signs_at_random_and_all_else_stays() -> None:
    asked: list[int] = []

    def randbelow(number: int) -> int:
        asked.append(number)
        return len(asked) - 1

    assert fill("A#-#B####", randbelow) == "A2-3B4567"
    assert asked == [32] * 6
    assert (len(ALPHABET), len(set(ALPHABET)), set("01IO") & set(ALPHABET)) == (32, 32, set())


def test_every_sign_comes_about_equally_often() -> None:
    signs = Counter("".join(fill("#" * 6, secrets.randbelow) for _ in range(3_200)))
    assert set(signs) == set(ALPHABET)
    assert all(450 < number < 750 for number in signs.values()), "600 each, give or take six deviations"
    assert PATTERN.fullmatch(fill(DEFAULT_PATTERN, secrets.randbelow))


# What a code may look like


@pytest.mark.parametrize("code", ["A", "x" * 100, "Öl-1", "50%OFF!", "日本", "=1+1", "é"])
def test_a_code_is_any_printable_text_without_spaces(code: str) -> None:
    assert code_fault(canonical_code(code)) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("", "It is empty."),
        ("x" * 101, "A code has at most 100 characters; this has 101."),
        ("A B", "A code has no spaces."),
        ("A\u00a0B", "A code has no spaces."),
        ("A\tB", "A code has no spaces."),
        ("A\0B", "A code has no control characters."),
        ("A\u200bB", "A code has no control characters."),
        ("A\ud800", "A code has no control characters."),
    ],
)
def test_anything_else_is_none_and_says_why(code: str, words: str) -> None:
    assert code_fault(code) == words


def test_a_code_is_kept_without_spaces_round_it_and_composed() -> None:
    assert canonical_code(" \tAB-1\r\n") == "AB-1"
    assert canonical_code("Cafe\u0301") == "Café"


@given(st.text(max_size=LONGEST + 20))
def test_a_kept_code_is_found_again_however_it_is_padded_and_keeping_it_twice_changes_nothing(
    text: str,
) -> None:
    code = canonical_code(text)
    assert canonical_code(code) == code
    if code_fault(code) is None:
        assert lookups(f"  {code}\n")[0] == code
    else:
        assert code not in lookups(text)


def test_a_typed_code_is_looked_up_as_it_is_then_in_capitals_then_without_its_spaces() -> None:
    assert lookups(" redeem-abc ") == ("redeem-abc", "REDEEM-ABC")
    assert lookups("redeem ab 7") == ("redeemab7", "REDEEMAB7")
    assert lookups("AB-7") == ("AB-7",)
    assert lookups(" \n") == ()
    assert lookups("A\0B") == ()


# A list of them


def test_of_a_list_each_code_is_taken_once_and_the_rest_is_told_by_its_line() -> None:
    found = sift([(1, " A "), (2, "B"), (3, "A"), (5, ""), (6, "C D"), (7, "a")])
    assert found.lines == {"A": 1, "B": 2, "a": 7}
    assert (found.duplicates, found.invalid) == (1, 2)
    assert found.problems == [
        Problem(3, "A", "It is the same as on line 1."),
        Problem(5, "", "It is empty."),
        Problem(6, "C D", "A code has no spaces."),
    ]


def test_what_is_struck_out_afterwards_is_told_among_the_others_by_its_line() -> None:
    found = sift([(1, "A"), (2, ""), (3, "B"), (4, "C")])
    found.strike(["A", "B"])
    assert (found.lines, found.duplicates, found.invalid) == ({"C": 4}, 2, 1)
    assert [(p.line, p.problem) for p in found.problems] == [
        (1, "There is such a code already."),
        (2, "It is empty."),
        (3, "There is such a code already."),
    ]


def test_the_first_hundred_problems_are_told_and_all_are_counted() -> None:
    found = sift([(line, "" if line % 2 else f"C{line}") for line in range(1, 1001)])
    found.strike(list(found.lines))
    assert (found.duplicates, found.invalid, len(found.problems)) == (500, 500, TOLD)
    assert [problem.line for problem in found.problems] == list(range(1, TOLD + 1))


def test_a_code_that_is_too_long_is_told_cut() -> None:
    (problem,) = sift([(1, "x" * 5_000)]).problems
    assert problem.code == "x" * LONGEST


# A file of them


@pytest.mark.parametrize(
    "data",
    [
        b"A-1\nB-2\n",
        b"A-1\r\nB-2",
        b"\r\n\nA-1\r\rB-2\r",
        b"code\nA-1\nB-2\n",
        b"Voucher Code,valid until\nA-1,2027\nB-2,2028\n",
        b"CODES;owner\nA-1;x, y\nB-2;z\n",
        b"Coupon\tvalue\nA-1\t5\n\t\nB-2\t10\n",
        b'"A-1","x\ny"\n"B-2",z\n',
        b"\xef\xbb\xbfcode\nA-1\nB-2\n",
        b"sep=;\r\ncode;of\r\nA-1;x,y\r\nB-2;z\r\n",
        "code\nA-1\nB-2\n".encode("utf-16"),
        b"\xfe\xff" + "A-1\nB-2".encode("utf-16-be"),
    ],
)
def test_the_first_column_of_a_file_is_read_as_spreadsheets_write_it(data: bytes) -> None:
    assert [code.strip() for _, code in read_codes(data)] == ["A-1", "B-2"]


def test_lines_are_counted_as_an_editor_shows_them() -> None:
    assert list(read_codes(b'code,n\n\nA,1\n"B","2\n3"\nC\n')) == [(3, "A"), (5, "B"), (6, "C")]


def test_a_line_without_a_code_but_with_something_else_is_one_that_is_empty() -> None:
    assert list(read_codes(b"A,1\n,2\n")) == [(1, "A"), (2, "")]


def test_only_the_first_line_can_be_a_heading() -> None:
    assert [code for _, code in read_codes(b"\n\ncode\ncode\ncoupon\n")] == ["code", "coupon"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"caf\xe9\n", "It is not text in UTF-8; save it as “CSV UTF-8”."),
        (b"\x89PNG\r\n\x1a\n", "It is not text in UTF-8; save it as “CSV UTF-8”."),
        (b"A\0B\n", "It is not text in UTF-8; save it as “CSV UTF-8”."),
        ("A\nB\n".encode("utf-16-le"), "It is not text in UTF-8; save it as “CSV UTF-8”."),
        ("A\nB\n".encode("utf-32"), "It is not text in UTF-8; save it as “CSV UTF-8”."),
        (b"\xff\xfeA", "It is not text in UTF-8; save it as “CSV UTF-8”."),
        (b'A\n"' + b"B\n" * 70_000, "is a quotation mark left open?"),
    ],
)
def test_a_file_that_is_none_says_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=re.escape(words)):
        list(read_codes(data))


def test_a_file_of_more_codes_than_a_million_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty.rules.code_files.MOST_CODES", 3)
    assert len(list(read_codes(b"code\nA\n\nB\nC\n"))) == 3
    with pytest.raises(UnreadableFileError, match="At most 3 codes; part the file"):
        list(read_codes(b"code\nA\nB\nC\nD\n"))


@given(st.binary(max_size=300))
def test_no_file_makes_it_fail_in_another_way(data: bytes) -> None:
    try:
        lines = [line for line, _ in read_codes(data)]
    except UnreadableFileError:
        return
    assert lines == sorted(lines)
