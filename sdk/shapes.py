"""The shapes of the engine's JSON (docs/openapi.yaml) as TypedDicts and as TypeScript interfaces."""

import keyword
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sdk.problems import NOTE

# What describes errors and pages, which are written by hand, and what only the K42 document's surface speaks of.
LEFT_OUT = re.compile(r"^Problem$|^ShortError$|Page$|^Publisher")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """One name of a shape."""

    name: str
    schema: Schema
    required: bool
    comment: str


@dataclass(frozen=True)
class Shape:
    """One component of the document. `fields` is empty where it is only another name for `schema`."""

    name: str
    schema: Schema
    fields: list[Field]
    is_body: bool
    comment: str


def of(document: Mapping[str, Any]) -> list[Shape]:
    """The components that bodies and answers of /v1 consist of; raises ValueError where two get one name."""
    shapes = []
    for component, schema in sorted(document["components"]["schemas"].items()):
        if not LEFT_OUT.search(component):
            shapes.append(_shape(component, schema))
    names = [shape.name for shape in shapes]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Two components get the same name: {', '.join(sorted(twice))}.")
    return shapes


def name_of(component: str) -> str:
    """`AwardBodyRequest` is an AwardBody, `PatchedRuleChangesRequest` RuleChanges, `HoldShape` a Hold."""
    return component.removeprefix("Patched").removesuffix("Request").removesuffix("Shape")


def in_python(shapes: list[Shape]) -> str:
    lines = [
        f'"""The shapes of the engine\'s JSON: bodies and answers. {NOTE}"""\n',
        "from __future__ import annotations\n",
        "from datetime import datetime\nfrom decimal import Decimal",
        "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n",
    ]
    lines += ["\n" + "\n".join(_python_shape(shape)) + "\n" for shape in shapes]
    return "\n".join(lines)


def in_typescript(shapes: list[Shape]) -> str:
    lines = [f"// The shapes of the engine's JSON: bodies and answers. {NOTE}\n"]
    for shape in shapes:
        if shape.comment:
            lines.append(f"/** {shape.comment} */")
        if not shape.fields:
            lines.append(f"export type {shape.name} = {_type(shape.schema, shape.is_body, TYPESCRIPT)};\n")
            continue
        lines.append(f"export interface {shape.name} {{")
        for field in shape.fields:
            if field.comment:
                lines.append(f"  /** {field.comment} */")
            optional = "" if field.required else "?"
            lines.append(f"  {field.name}{optional}: {_type(field.schema, shape.is_body, TYPESCRIPT)};")
        lines.append("}\n")
    return "\n".join(lines)


def _shape(component: str, schema: Schema) -> Shape:
    required = set(schema.get("required", ()))
    fields = [
        Field(name, inner, name in required, _comment(inner))
        for name, inner in schema.get("properties", {}).items()
    ]
    return Shape(name_of(component), schema, fields, component.endswith("Request"), _comment(schema))


def _comment(schema: Schema) -> str:
    """The description on one line, without the list of an enumeration's values, which the type shows."""
    text = re.sub(r"^\* `.*$", "", schema.get("description", ""), flags=re.MULTILINE)
    return " ".join(text.split()).replace("*/", "* /")


def _python_shape(shape: Shape) -> Iterator[str]:
    if not shape.fields:
        yield f'{shape.name}: TypeAlias = "{_type(shape.schema, shape.is_body, PYTHON)}"'
        return
    if any(keyword.iskeyword(field.name) for field in shape.fields):
        yield from _python_call(shape)
        return
    yield f"class {shape.name}(TypedDict):"
    if shape.comment:
        yield from textwrap.wrap(
            f'"""{shape.comment}"""', 106, initial_indent="    ", subsequent_indent="    "
        )
        yield ""
    for field in shape.fields:
        if field.comment:
            yield from textwrap.wrap(
                field.comment,
                106,
                initial_indent="    # ",
                subsequent_indent="    # ",
                break_long_words=False,
            )
        text = _type(field.schema, shape.is_body, PYTHON)
        yield f"    {field.name}: {text if field.required else f'NotRequired[{text}]'}"


def _python_call(shape: Shape) -> Iterator[str]:
    """A name of it is a word of the language, such as `from`."""
    if shape.comment:
        yield from textwrap.wrap(shape.comment, 106, initial_indent="# ", subsequent_indent="# ")
    yield f'{shape.name} = TypedDict(\n    "{shape.name}",\n    {{'
    for field in shape.fields:
        text = _type(field.schema, shape.is_body, PYTHON).replace('"', "'")
        yield f'        "{field.name}": "{text if field.required else f"NotRequired[{text}]"}",'
    yield "    },\n)"


@dataclass(frozen=True)
class _Language:
    """How a language writes a type. `money` and `instant`: in a body, and in an answer."""

    simple: Mapping[str, str]
    number: tuple[str, str]
    instant: tuple[str, str]
    literal: Callable[[list[str]], str]
    array: Callable[[str], str]
    mapping: Callable[[str], str]


PYTHON = _Language(
    {"string": "str", "integer": "int", "boolean": "bool", "null": "None", "any": "Any"},
    ("int | float | Decimal", "int | Decimal"),
    ("datetime | str", "str"),
    lambda values: f"Literal[{', '.join(values)}]",
    lambda item: f"list[{item}]",
    lambda value: f"dict[str, {value}]",
)
TYPESCRIPT = _Language(
    {"string": "string", "integer": "number", "boolean": "boolean", "null": "null", "any": "unknown"},
    ("number", "number"),
    ("Date | string", "string"),
    " | ".join,
    lambda item: f"({item})[]" if "|" in item else f"{item}[]",
    lambda value: f"Record<string, {value}>",
)


def _type(schema: Schema, is_body: bool, language: _Language) -> str:
    """The type of a value of this schema."""
    if "$ref" in schema:
        name: str = name_of(schema["$ref"].rpartition("/")[2])
        return name
    for word in ("oneOf", "anyOf", "allOf"):
        parts = [part for part in schema.get(word, ()) if set(part) - {"required"}]
        if parts and "type" not in schema:
            return _union([_type(part, is_body, language) for part in parts])
    if "enum" in schema:
        values = [f'"{value}"' for value in schema["enum"] if value is not None]
        found = [language.literal(values)] + ["None" if language is PYTHON else "null"] * (
            None in schema["enum"]
        )
        return _union(found)
    kinds = schema.get("type", "any")
    return _union(
        [_one(kind, schema, is_body, language) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    )


def _one(kind: str, schema: Schema, is_body: bool, language: _Language) -> str:
    if kind == "array":
        return language.array(_type(schema.get("items", {}), is_body, language))
    if kind == "object":
        more = schema.get("additionalProperties")
        return language.mapping(_type(more, is_body, language) if isinstance(more, dict) else _any(language))
    if kind == "number":
        return language.number[0 if is_body else 1]
    if kind == "string" and schema.get("format") == "date-time":
        return language.instant[0 if is_body else 1]
    return language.simple[kind]


def _any(language: _Language) -> str:
    return language.simple["any"]


def _union(parts: list[str]) -> str:
    """Without repetitions; whatever may be anything is just that."""
    flat = list(dict.fromkeys(piece for part in parts for piece in part.split(" | ")))
    for anything in ("Any", "unknown"):
        if anything in flat:
            return anything
    nothing = {"None", "null"}
    return " | ".join(sorted(flat, key=lambda part: part in nothing))
