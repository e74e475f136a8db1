"""`manage.py check_ledger`: is every figure of the ledger right? (docs/checks.md)"""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from loyalty.ledger.checks import Inspection, Violation
from loyalty.models import Member
from programs.models import Environment

_SHOWN = 20
_BAD_ARGUMENT = 2  # so that a script can tell it from violations


class Command(BaseCommand):
    """Reads only. Exits 0 where all is well, 1 where a row is not, 2 for an argument that names nothing."""

    help = "Verify every invariant of the ledger on the stored rows; safe while the system is in use."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--environment", metavar="ID", help="only this environment, by its id")
        parser.add_argument("--member", metavar="ID", help="only this member of it, by member id or key")
        parser.add_argument("--json", action="store_true", help="one JSON object a line, the counts last")
        parser.add_argument("--limit", type=int, default=_SHOWN, help=f"rows shown of a check ({_SHOWN})")
        parser.add_argument("--no-digests", action="store_true", help="leave out the slowest check")
        parser.add_argument("--progress", action="store_true", help="on stderr, also if it is no terminal")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] < 0:
            raise CommandError("--limit is 0 or more.", returncode=_BAD_ARGUMENT)
        environment = _environment(options["environment"])
        shows = options["progress"] or sys.stderr.isatty()
        inspection = Inspection(
            environment=environment,
            member_id=_member(environment, options["member"]),
            digests=not options["no_digests"],
            progress=self._progress if shows else None,
        )
        found = self._report(inspection, as_json=options["json"], limit=options["limit"])
        if shows and sys.stderr.isatty():
            self.stderr.write("", style_func=str)  # ends the line that counted up
        self._sum_up(inspection, found, as_json=options["json"], limit=options["limit"])
        if found:
            raise SystemExit(1)

    def _report(self, inspection: Inspection, *, as_json: bool, limit: int) -> Counter[str]:
        """Write the rows as they are found, `limit` of a check. Answers how many each check has."""
        found: Counter[str] = Counter()
        for violation in inspection.violations():
            found[violation.check] += 1
            if found[violation.check] <= limit:
                self.stdout.write(_line(violation, as_json=as_json))
                self.stdout.flush()
        return found + inspection.left_out

    def _sum_up(self, inspection: Inspection, found: Counter[str], *, as_json: bool, limit: int) -> None:
        if as_json:
            counts = {
                "accounts": inspection.accounts,
                "entries": inspection.entries,
                "lots": inspection.lots,
                "stamp_cards": inspection.stamp_cards,
                "stamps": inspection.stamps,
                "achievements": inspection.achievements,
                "violations": found,
            }
            self.stdout.write(json.dumps(counts))
            return
        for check, rows in found.items():
            if rows > limit:
                self.stdout.write(f"{check}: {rows - limit} more rows are not shown (--limit {limit}).")
        verdict = f"{found.total()} violations of {len(found)} checks" if found else "no violation"
        self.stdout.write(f"{_read(inspection)}: {verdict}")

    def _progress(self, inspection: Inspection) -> None:
        """One line that counts up on a terminal; in a file a line a chunk."""
        line = _read(inspection)
        if sys.stderr.isatty():
            self.stderr.write(f"\r{line}", style_func=str, ending="")
        else:
            self.stderr.write(line, style_func=str)
        self.stderr.flush()


def _read(inspection: Inspection) -> str:
    """What was looked at so far."""
    return (
        f"{inspection.accounts} accounts, {inspection.entries} entries, {inspection.lots} lots,"
        f" {inspection.stamp_cards} stamp cards, {inspection.stamps} stamps, {inspection.achievements} achievements"
    )


def _line(violation: Violation, *, as_json: bool) -> str:
    return json.dumps(violation.as_json()) if as_json else str(violation)


def _environment(text: str | None) -> Environment | None:
    """Raises CommandError, which names what there is."""
    if text is None:
        return None
    try:
        found = Environment.objects.filter(pk=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"There is no environment {text!r}. {_environments()}", returncode=_BAD_ARGUMENT)
    return found


def _environments() -> str:
    known = Environment.objects.select_related("project__organization").order_by("id")
    names = [f"{one.id} ({one.project.organization} · {one})" for one in known[:_SHOWN]]
    more = known.count() - len(names)
    return f"There are: {', '.join(names) or 'none'}{f', and {more} more' if more else ''}."


def _member(environment: Environment | None, text: str | None) -> UUID | None:
    """The member's key. An erased one has no member id, so the key itself will do too. Raises CommandError."""
    if text is None:
        return None
    if environment is None:
        raise CommandError(
            f"--member needs --environment: a member id is one environment's. {_environments()}",
            returncode=_BAD_ARGUMENT,
        )
    named = Q(external_id=text)
    with suppress(ValueError):
        named |= Q(pk=UUID(text))
    members = Member.objects.filter(environment=environment)
    found = members.filter(named).order_by("external_id").first()
    if found is None:
        known = members.filter(external_id__isnull=False).order_by("external_id")
        names = ", ".join(str(one) for one in known[:5]) or "none"
        raise CommandError(
            f"There is no member {text!r} in {environment}, which has {members.count()}: {names}"
            f"{', …' if members.count() > 5 else ''}.",
            returncode=_BAD_ARGUMENT,
        )
    return found.pk
