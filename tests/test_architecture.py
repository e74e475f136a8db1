"""The rules of docs/architecture.md that import-linter can't see: who writes which tables, and how long a file is.

A write is recognised by its syntax: a manager's chain, an instance made or held under an annotated name.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Model

from loyalty.models import holds, ledger

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("loyalty", "programs", "config", "audit")
SURFACES = ("loyalty/api/", "loyalty/admin/", "programs/admin/")
MODELS = {
    f"{place}.{name}"
    for module in (ledger, holds)
    for name, thing in vars(module).items()
    if isinstance(thing, type) and issubclass(thing, Model) and thing.__module__ == module.__name__
    for place in ("loyalty.models", module.__name__)
}
WRITES = {"save", "create", "update", "delete"}
WRITES |= {"bulk_create", "bulk_update", "get_or_create", "update_or_create"}
WRITES |= {f"a{name}" for name in WRITES}
MANAGERS = {"objects", "_default_manager", "_base_manager"}
# When a key was last used, at most once a minute: no configuration, nothing to audit.
SURFACE_WRITES = {
    f"loyalty/api/common/authentication.py: {keys}.objects.update" for keys in ("ApiKey", "TokenKey")
}


def sources() -> Iterator[tuple[str, str]]:
    """Path and text of each file that is not a migration."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def imported(tree: ast.AST) -> dict[str, str]:
    """What each name of the file stands for, with its module."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
        elif isinstance(node, ast.Import):
            names |= {a.asname: a.name for a in node.names if a.asname}
    return names


def dotted(node: ast.AST | None) -> str:
    """`a.b.c` of such an expression, also of one in quotes or with `| None`; else nothing."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr) if dotted(value):
            return f"{dotted(value)}.{attr}"
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left):
            return dotted(left)
    return ""


def chain(node: ast.AST) -> Iterator[ast.AST]:
    """From `X.objects.filter(…).first()` down to `X`: each link."""
    while True:
        yield node
        match node:
            case ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
                node = inner
            case _:
                return


def ledger_writes(text: str) -> list[str]:
    """What in this file makes or writes a row of the ledger's tables, as `line: name`."""
    tree = ast.parse(text)
    names = imported(tree)

    def is_model(node: ast.AST | None) -> bool:
        first, _, rest = dotted(node).partition(".")
        return ".".join(filter(None, (names.get(first, first), rest))) in MODELS

    rows = set()  # names that hold rows or querysets of the ledger
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=kind) if is_model(kind):
                rows.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind) if is_model(kind):
                rows.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if any(map(is_model, chain(value))):
                rows.add(name)
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=func) if is_model(func):
                found.append(f"{node.lineno}: {dotted(func)}")
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in WRITES | {
                "select_for_update"
            }:
                links = list(chain(owner))
                if any(map(is_model, links)) or dotted(links[-1]) in rows:
                    found.append(f"{node.lineno}: {attr}")
    return found


def surface_writes(text: str) -> list[str]:
    """Calls of a manager that write, and every `.save()` and `.delete()` that isn't Django's own (super)."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if attr in WRITES:
                links = list(chain(owner))
                manager = next(
                    (n for n in links if isinstance(n, ast.Attribute) and n.attr in MANAGERS), None
                )
                if manager:
                    found.append(f"{dotted(manager)}.{attr}")
                elif attr in {"save", "delete"} and dotted(links[-1]) != "super":
                    found.append(f"{dotted(owner)}.{attr}")
    return found


def test_only_the_ledger_writes_the_ledgers_tables() -> None:
    found = {
        path: writes
        for path, text in sources()
        if not path.startswith("loyalty/ledger/") and (writes := ledger_writes(text))
    }
    assert found == {}


def test_surfaces_write_no_table() -> None:
    found = {
        f"{path}: {write}"
        for path, text in sources()
        if path.startswith(SURFACES)
        for write in surface_writes(text)
    }
    assert found == SURFACE_WRITES


def test_no_file_is_longer_than_400_lines() -> None:
    assert {path: n for path, text in sources() if (n := len(text.splitlines())) > 400} == {}


@pytest.mark.parametrize(
    "bad",
    [
        "from loyalty.models import Account\nAccount.objects.filter(pk=1).update(total=5)",
        "from loyalty.models import Lot as L\nL.objects.filter(pk=1).order_by('id').select_for_update()",
        "from loyalty.models.holds import Hold\nHold.objects.create(points=5)",
        "from loyalty import models\nmodels.LedgerEntry(points=5)",
        "import loyalty.models\nloyalty.models.LotUse._base_manager.bulk_create([])",
        "import loyalty.models.ledger as tables\ntables.Uncovered.objects.get_or_create(points=5)",
        "from loyalty.models import HoldLot\nrows = HoldLot.objects.all()\nrows.delete()",
        "from loyalty.models import Account\nrow = Account.objects.get(pk=1)\nrow.save()",
        "from loyalty.models import Account\ndef f(row: Account | None):\n    row.save()",
    ],
)
def test_a_write_of_the_ledgers_tables_is_seen(bad: str) -> None:
    assert len(ledger_writes(bad)) == 1


@pytest.mark.parametrize(
    "good",
    [
        "from loyalty.models import Account\nlist(Account.objects.filter(pk=1).values())",
        "from loyalty.models import Account\nfound = {}\nfound.update(Account.objects.in_bulk([1]))",
        "from loyalty.rules.lots import Lot\nLot(points=5)",
        "from loyalty.models import Member\nMember.objects.create()",
    ],
)
def test_reading_them_is_none(good: str) -> None:
    assert ledger_writes(good) == []


@pytest.mark.parametrize(
    ("snippet", "writes"),
    [
        ("Program.objects.filter(pk=1).update(name='x')", ["Program.objects.update"]),
        ("Rule._default_manager.create()", ["Rule._default_manager.create"]),
        ("member.save()", ["member.save"]),
        ("context.update(a=1); changes = {}; changes.update(b=2); super().save(commit=False)", []),
        ("create(environment=1); Program.objects.filter(pk=1).first()", []),
    ],
)
def test_a_write_from_a_surface_is_seen_and_a_dictionary_is_none(snippet: str, writes: list[str]) -> None:
    assert surface_writes(snippet) == writes
