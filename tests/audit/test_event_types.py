"""The catalogue of verbs is whole, and endpoints choose from it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from audit.errors import InvalidRequest
from audit.event_types import EVENT_TYPES, checked_patterns, matches

_VERB = re.compile(r"[a-z_]+\.[a-z_]+")


def sources() -> Iterator[Path]:
    for app in ("audit", "programs", "loyalty"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            if "migrations" not in path.parts and "verb" in path.read_text():
                yield path


def written() -> Iterator[tuple[str, str]]:
    """Each verb in the sources with its file: of `verb=` and `"verb":`, a name in braces as `{}`."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            found: list[ast.expr] = []
            if isinstance(node, ast.Call):
                found = [each.value for each in node.keywords if each.arg == "verb"]
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                found = [
                    value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "verb"
                ]
            for value in found:
                yield from ((text, path.name) for text in texts(value))


def texts(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from texts(value.body)
        yield from texts(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in value.values)


def test_every_verb_in_the_sources_is_in_the_catalogue() -> None:
    verbs = list(written())
    assert len(verbs) > 30
    missing = [
        f"{text} ({name})"
        for text, name in verbs
        if not any(re.fullmatch(re.escape(text).replace(r"\{\}", "[a-z_]+"), verb) for verb in EVENT_TYPES)
    ]
    assert missing == [], "Add them to audit/event_types.py."


def test_every_noun_of_the_configuration_is_made_and_changed_in_the_catalogue() -> None:
    nouns = {verb.split(".")[0] for verb in EVENT_TYPES if verb.endswith(".updated")}
    assert [noun for noun in sorted(nouns) if f"{noun}.created" not in EVENT_TYPES] == ["member"]


def test_verbs_are_a_noun_and_what_was_done_and_say_so_in_a_sentence() -> None:
    assert [verb for verb in EVENT_TYPES if not _VERB.fullmatch(verb) or len(verb) > 64] == []
    assert [verb for verb, words in EVENT_TYPES.items() if not words.endswith(".")] == []


def test_a_pattern_is_a_verb_a_noun_or_everything() -> None:
    assert matches("*", "points.earned")
    assert matches("points.*", "points.earned")
    assert matches("points.earned", "points.earned")
    assert not matches("points.*", "points_of.earned")
    assert not matches("points.earned", "points.earned_twice")
    assert not matches("tier.*", "tierladder.created")


def test_a_choice_is_of_events_that_there_are_each_once() -> None:
    assert checked_patterns(["tier.*", "points.earned", "tier.*"]) == ["tier.*", "points.earned"]
    for wrong in (
        [],
        ["points"],
        ["points.*", "point.*"],
        [".*"],
        ["**"],
        ["points.earned\0"],
        ["*"] + ["x"] * 200,
    ):
        with pytest.raises(InvalidRequest) as refusal:
            checked_patterns(wrong)
        assert {error.field for error in refusal.value.errors} == {"event_types"}
    with pytest.raises(InvalidRequest) as refusal:
        checked_patterns([f"points.{number}" for number in range(101)])
    assert [error.code for error in refusal.value.errors] == ["max_length"]
