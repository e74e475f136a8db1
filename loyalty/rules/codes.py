"""Codes that members show at a till: what they may look like, and how they are found again (domain.md 5).

Pure. Patterns, which are configured, are checked in `programs.code_patterns`.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

LONGEST = 100  # characters


@dataclass(frozen=True, slots=True)
class Problem:
    """A code that is not taken: its line (1 is the first), the code as given, cut, and why, as a sentence."""

    line: int
    code: str
    problem: str

    def to_json(self) -> dict[str, int | str]:
        return {"line": self.line, "code": self.code, "problem": self.problem}


def canonical_code(text: str) -> str:
    """A code as it is kept: without spaces round it, its characters composed (NFC)."""
    return unicodedata.normalize("NFC", text.strip())


def code_fault(code: str) -> str | None:
    """What is wrong with a canonical code, as a sentence; None where it is right."""
    if not code:
        return "It is empty."
    if len(code) > LONGEST:
        return f"A code has at most {LONGEST} characters; this has {len(code)}."
    if any(sign.isspace() for sign in code):
        return "A code has no spaces."
    if not code.isprintable():
        return "A code has no control characters."
    return None


def lookups(text: str) -> tuple[str, ...]:
    """As what a code typed or scanned at a till may be kept, the most likely first: as it is, in capitals (as
    all that we make are), and both without the spaces that people type in between. None where it can't be a code."""
    exact = canonical_code(text)
    joined = "".join(exact.split())
    forms = dict.fromkeys([exact, exact.upper(), joined, joined.upper()])
    return tuple(form for form in forms if code_fault(form) is None)


TOLD = 100
"""So many problems are told; the others are counted."""


@dataclass(slots=True)
class Sifted:
    """Codes of a file or a call by their line, each once, and what was not taken of it."""

    lines: dict[str, int] = field(default_factory=dict)
    duplicates: int = 0
    invalid: int = 0
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, line: int, code: str, problem: str) -> None:
        """Tell of a problem, while there are few."""
        if len(self.problems) < TOLD:
            self.problems.append(Problem(line, code[:LONGEST], problem))

    def strike(self, codes: Sequence[str]) -> None:
        """Take out those, in their order, that turn out to be there already."""
        told = [Problem(self.lines[code], code, "There is such a code already.") for code in codes[:TOLD]]
        self.problems = sorted([*self.problems, *told], key=lambda problem: problem.line)[:TOLD]
        self.duplicates += len(codes)
        for code in codes:
            del self.lines[code]


def sift(given: Iterable[tuple[int, str]]) -> Sifted:
    """The codes among (line, text) in their order, canonical, each once; of one that is there twice the first
    line counts."""
    found = Sifted()
    for line, text in given:
        code = canonical_code(text)
        fault = code_fault(code)
        if fault:
            found.invalid += 1
            found.refuse(line, code, fault)
        elif code in found.lines:
            found.duplicates += 1
            found.refuse(line, code, f"It is the same as on line {found.lines[code]}.")
        else:
            found.lines[code] = line
    return found
