"""What imported files say of an erased member goes with them (domain.md 1, 10)."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from loyalty.models import Import, ImportPiece, ImportProblem
from loyalty.rules.import_files import without_apostrophe
from loyalty.rules.import_rows import member_columns, purchase_columns

TELLING = 8  # characters: a shorter id may be part of any word

# In the text of stored JSON: where a word begins, also behind an escaped line break; and what parts cells.
_BEGIN, _END = r"(?:(?<!\w)|(?<=\\[bfnrt]))", r"(?!\w)"
_BEFORE, _BEHIND = r"""(?:["',;|]|\\[nrt]) *""", r""" *["',;|\\]"""


def forget_lines(environment_id: UUID, names: Collection[str]) -> None:
    """Empty the lines, in pieces of files, that are of these ids or name them, and delete such problems; a file that
    is being read goes as a whole. A short id is looked for between what parts cells, a longer one as a word in any
    case. The caller holds `lock_files`. Five statements, and one for each piece that has any."""
    Import.objects.filter(environment=environment_id, status=Import.Status.READING).delete()
    if not names:
        return
    sought = _Sought.of(names)
    problems = ImportProblem.objects.filter(file__environment=environment_id)
    named = problems.annotate(text=Cast("content", TextField())).filter(sought.near()).filter(sought.said())
    found = {key: (file, line) for key, file, line in named.values_list("pk", "file_id", "line")}
    ImportProblem.objects.filter(pk__in=list(found)).delete()
    refused = set(found.values())
    pieces = ImportPiece.objects.filter(file__environment=environment_id).select_related("file")
    for piece in pieces.annotate(text=Cast("content", TextField())).filter(sought.near()):
        lines = [
            _blank(line)
            if (piece.file_id, line[0]) in refused or _is_said(line, piece.file, sought)
            else line
            for line in piece.content
        ]
        if lines != piece.content:
            piece.content = lines
            piece.save(update_fields=["content"])


@dataclass(frozen=True, slots=True)
class _Sought:
    """Ids, and how the text of a line names them. The patterns mean the same here and in the database."""

    names: frozenset[str]
    long: list[str]
    long_pattern: str
    short_pattern: str

    @classmethod
    def of(cls, names: Collection[str]) -> "_Sought":
        long = [in_json(name) for name in names if len(name) >= TELLING]
        short = [in_json(name) for name in names if len(name) < TELLING]
        return cls(
            frozenset(names),
            long,
            f"{_BEGIN}(?:{'|'.join(map(re.escape, long))}){_END}" if long else "",
            f"{_BEFORE}(?:{'|'.join(map(re.escape, short))}){_BEHIND}" if short else "",
        )

    def near(self) -> Q:
        """Rows that may name one: quickly found."""
        found = Q(text__regex=self.short_pattern) if self.short_pattern else Q()
        for name in self.long:
            found |= Q(text__icontains=name)
        return found

    def said(self) -> Q:
        found = Q(text__regex=self.short_pattern) if self.short_pattern else Q()
        return found | Q(text__iregex=self.long_pattern) if self.long_pattern else found

    def are_in(self, cells: Sequence[str], *, any_case: bool, also_short: bool) -> bool:
        text = json.dumps(cells, ensure_ascii=False)
        case = re.IGNORECASE if any_case else re.NOFLAG
        is_long = bool(self.long_pattern) and re.search(self.long_pattern, text, case) is not None
        short = also_short and bool(self.short_pattern) and re.search(self.short_pattern, text)
        return is_long or bool(short)


def _blank(line: list[Any]) -> list[Any]:
    return [line[0], [], "A member who was erased."]


def _is_said(line: list[Any], file: Import, sought: _Sought) -> bool:
    """A line that can be read is its own member's, by that id exactly."""
    _, cells, fault = line
    if fault:
        return sought.are_in(cells, any_case=True, also_short=True)
    columns = (member_columns if file.kind == Import.Kind.MEMBERS else purchase_columns)(file.columns)
    place = columns.index("member_id")
    others = [*cells[:place], *cells[place + 1 :]]
    is_own = not sought.names.isdisjoint((cells[place], without_apostrophe(cells[place])))
    return is_own or sought.are_in(others, any_case=False, also_short=False)


def in_json(text: str) -> str:
    """As it stands in stored JSON, without the quotes."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
