"""The lines of a CSV file, whoever wrote it."""

import io

import pytest

from loyalty.rules.csv_text import UnreadableFileError
from loyalty.rules.import_files import LONGEST_LINE, MOST_JOINED, Line, read_lines

TEXT = "member_id,note\nada,Köln\nBob Smith,\u20ac 5\n"


def lines(data: bytes | str) -> list[Line]:
    return list(read_lines(io.BytesIO(data.encode() if isinstance(data, str) else data)))


def cells(data: bytes | str) -> list[list[str]]:
    return [line.cells for line in lines(data)]


def faults(data: bytes | str) -> dict[int, str | None]:
    return {line.number: line.fault for line in lines(data)[1:]}


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r").encode(),
        ("\n \n" + TEXT + "\n,,\n").encode(),
        TEXT.replace("\n", ",,\n").encode(),
        ("sep=;\r\n" + TEXT.replace(",", ";")).encode("utf-8-sig"),
        ('"SEP=|"\n' + TEXT.replace(",", "|")).encode(),
        b' member_id ,"note"\nada,"K\xc3\xb6ln"\n Bob Smith ,\xe2\x82\xac 5',
    ],
    ids=[
        "plain",
        "mark",
        "utf-16",
        "semicolon",
        "tab",
        "crlf",
        "cr",
        "blank lines",
        "blank cells",
        "sep",
        "sep of Excel",
        "quotes",
    ],
)
def test_every_dialect_says_the_same(data: bytes) -> None:
    assert cells(data) == [["member_id", "note"], ["ada", "Köln"], ["Bob Smith", "€ 5"]]


def test_a_faulty_line_spoils_no_other_and_keeps_its_number() -> None:
    rest = 'ok,1\nlong,"{}"\nok,2\nnul\0,3\nshort\nmany,1,2,3\nok,"4"5\n"two\nlines",6\nok,7\nopen,"8\n'
    found = faults("a,b\n" + rest.format("x" * 1_000_000))
    assert list(found) == [2, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    assert [number for number, fault in found.items() if not fault] == [2, 4, 9, 11]
    assert found[3] == f"It is longer than {LONGEST_LINE:,} characters."
    assert found[5] == "It holds a character that can't be stored (NUL)."
    assert found[6] == "It has 1 cell, the heading has 2."
    assert found[7] == "It has 4 cells, the heading has 2."
    assert "quotation mark" in str(found[8])
    assert "quotation mark" in str(found[12])


def test_a_quotation_mark_left_open_is_told_with_how_far_it_reaches() -> None:
    found = faults("a,b\n" + 'x,"1\n' + "y,2\n" * MOST_JOINED + 'z,3"\nlast,4\n')
    assert found == {
        2: f"A quotation mark is left open: it reaches to line {MOST_JOINED + 3}.",
        MOST_JOINED + 4: None,
    }


@pytest.mark.parametrize("end", ['",9\n', '","x"\n'])
def test_what_stands_in_a_quoted_cell_is_no_line_however_long_it_is(end: str) -> None:
    inside = "ada,500\n" * 3 + ("x" * 60_000 + '""\n') * 3 + "ada,600\n" * 3
    found = faults('a,b\nok,1\n"' + inside + end + "last,2\n")
    assert list(found) == [2, 3, 13]
    assert [fault is None for fault in found.values()] == [True, False, True]
    assert "All up to line 12 is lost with it." in str(found[3])


def test_a_line_that_is_cut_leaves_no_cell_open_that_it_closes_nor_closed_that_it_opens() -> None:
    long = "x" * (LONGEST_LINE + 1)
    found = faults(f'a,b\n{long},"in\nada,5\nend"\nok,1\n"in\n{long}",2\nok,2\n')
    assert list(found) == [2, 5, 6, 8]
    assert [fault is None for fault in found.values()] == [False, True, False, True]
    assert "All up to line 4 is lost with it." in str(found[2])


def test_what_is_stored_of_a_faulty_line_is_short_and_can_be_stored() -> None:
    _, found = lines("a\n" + "x\0" * LONGEST_LINE)
    assert found.fault
    assert len(found.cells[0]) == 200
    assert "\0" not in found.cells[0]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("a,b\nx,1\ny,M\u00fcller\n".encode("latin-1"), "is not text in UTF-8"),
        ("a,b\nx,1\n".encode("utf-16-le"), "is not text in UTF-8"),
        (b'"a,b\nx', "The heading"),
        (",".join(str(n) for n in range(101)), "At most 100 columns"),
    ],
    ids=["latin-1", "utf-16 without its mark", "quote in the heading", "columns"],
)
def test_what_is_no_such_file_is_refused_as_a_whole(data: bytes | str, told: str) -> None:
    with pytest.raises(UnreadableFileError, match=told):
        lines(data)


def test_too_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loyalty.rules.import_files.MOST_LINES", 2)
    assert len(lines("a\n1\n2\n")) == 3
    with pytest.raises(UnreadableFileError, match="At most 2 lines"):
        lines("a\n1\n2\n3\n")


def test_an_empty_file_has_no_lines() -> None:
    assert lines("") == lines("\n \n") == []
