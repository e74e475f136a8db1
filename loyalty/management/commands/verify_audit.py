"""`manage.py verify_audit`: is the audit trail what was written? (docs/audit.md)"""

import json
import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.positions import Restored
from audit.record import Actor
from audit.seals import Head, begin_epoch, seal_next
from audit.verifying import Verified, verify

_BAD_ARGUMENT = 2  # so that a script can tell it from a fault
_HASH = re.compile("[0-9a-fA-F]{64}")


class Command(BaseCommand):
    """Exits 0 where all is as it was sealed, 1 where something is not, 2 for an argument that can't be used."""

    help = "Prove that no sealed audit event was changed, removed or inserted; names the first that was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", metavar="FILE", action="append", default=[], help="a head that was kept outside"
        )
        parser.add_argument("--seal", action="store_true", help="first seal all that can be sealed by now")
        parser.add_argument(
            "--export-head", metavar="FILE", help="write the verified head there; - is stdout"
        )
        parser.add_argument(
            "--new-epoch", action="store_true", help="after a restore from a dump, before anything is written"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        pinned = [_read_head(name) for name in options["head"]]
        if options["new_epoch"]:
            epoch = begin_epoch(actor=Actor.system("verify_audit"), now=timezone.now())
            self.stderr.write(f"Epoch {epoch} began: rows are numbered by this database from now on.")
        if options["seal"]:
            _seal_all()
        done = verify(pinned=pinned)
        self.stdout.write(json.dumps(_as_json(done)) if options["json"] else _as_text(done))
        if done.fault:
            sys.exit(1)
        if options["export_head"]:
            self._export(done.head, options["export_head"])

    def _export(self, head: Head | None, name: str) -> None:
        if head is None:
            raise CommandError("Nothing is sealed yet: run it with --seal.", returncode=_BAD_ARGUMENT)
        text = json.dumps(head.to_json()) + "\n"
        if name == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(name).write_text(text)
        except OSError as error:
            raise CommandError(f"The head can't be written: {error}.", returncode=_BAD_ARGUMENT) from error


def _seal_all() -> None:
    try:
        while seal_next(now=timezone.now()):
            pass
    except Restored as error:
        raise CommandError(str(error), returncode=_BAD_ARGUMENT) from error


def _read_head(name: str) -> tuple[int, str]:
    try:
        head = json.loads(Path(name).read_text())
        number, text = int(head["number"]), str(head["hash"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_head(name, str(error)) from error
    if number < 1 or not _HASH.fullmatch(text):
        raise _no_head(name, f"number {number}, hash {text}")
    return number, text


def _no_head(name: str, why: str) -> CommandError:
    return CommandError(
        f"{name} is no exported head ({why}); one has a number from 1 on and a hash of 64 hexadecimal digits.",
        returncode=_BAD_ARGUMENT,
    )


def _as_json(done: Verified) -> dict[str, Any]:
    return {
        "seals": done.seals,
        "rows": done.rows,
        "unsealed": done.unsealed,
        "blanked": done.blanked,
        "head": done.head.to_json() if done.head else None,
        "fault": done.fault
        and {
            "sentence": done.fault.sentence,
            "seal": done.fault.seal,
            "row": done.fault.row and str(done.fault.row),
        },
    }


def _as_text(done: Verified) -> str:
    if done.fault:
        return f"FAULT: {done.fault.sentence} What stands before it is as it was sealed ({done.rows} rows)."
    head = f"head {done.head.number} {done.head.hash}" if done.head else "no seal yet"
    rows = f"{done.rows} rows, {done.unsealed} not sealed yet, {done.blanked} of all these blanked"
    return f"{done.seals} seals, {rows}: all as written; {head}"
