"""How far the members of a stamp program are: bars, a table, and a file for a spreadsheet (domain.md 11)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import StreamingHttpResponse
from django.urls import reverse

from loyalty.admin.charts.bars import bars, share_words
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import so_many
from loyalty.admin.csv_files import csv_answer
from loyalty.queries.stamps import Funnel, Step, funnel
from programs.admin.stamp_words import amount_words, major
from programs.models import StampProgram

MOST_BARS = 12
_COLUMNS = ("stamp_program", "name", "figure", "stamps", "count", "amount", "currency")


@dataclass(frozen=True, slots=True)
class Bar:
    """So many members have from `first` to `last` stamps; `share` of all, in words."""

    first: int
    last: int
    members: int
    share: str

    @property
    def words(self) -> str:
        if self.first != self.last:
            return f"{self.first:,} to {self.last:,} stamps"
        return "No stamp yet" if self.first == 0 else f"{self.first:,} stamp{'' if self.first == 1 else 's'}"


def funnel_shown(stamp_program: StampProgram) -> dict[str, Any]:
    """What the stamp program's page says of its members. Two statements."""
    found = funnel(environment=stamp_program.environment, stamp_program=stamp_program)
    waiting = found.issued - found.paid - found.revoked
    report = stamp_report(found)
    return {
        "funnel": found,
        "bars": list(_bars(found)),
        "report": replace(report, csv=reverse("admin:programs_stampprogram_csv", args=[stamp_program.pk])),
        "waiting": waiting,
        "to_pay": amount_words(found.to_pay, stamp_program.currency),
        "paid": amount_words(found.paid_amount, stamp_program.currency),
    }


def stamp_report(found: Funnel) -> Report:
    """The chart of it. The table and its file have each number of stamps, or several, in a row, as the chart has."""
    rows = list(_bars(found))
    most = max(rows, key=lambda bar: bar.members)
    return Report(
        slug="progress",
        title="Where members stand",
        summary=f"Of {so_many(found.enrolled, 'card')}, most are at: {most.words} ({most.share}), as of now.",
        drawing=bars([(bar.words, bar.members) for bar in rows], whole=found.enrolled)
        if found.enrolled
        else None,
        sheet=Sheet(
            [
                Column("on_the_card", "On the card", is_figure=False),
                Column("members", "Members"),
                Column("share", "Share"),
            ],
            [(bar.words, bar.members, bar.share) for bar in rows],
        ),
        empty="Nobody has the card yet. Members join in your app; support can enrol one on the member’s page.",
        note="The stamps on each member’s running card. A full card is a reward, and the next card begins at none.",
    )


def funnel_csv(stamp_program: StampProgram) -> StreamingHttpResponse:
    """The same figures, every number of stamps a row of its own. Amounts in the currency's own unit."""
    found = funnel(environment=stamp_program.environment, stamp_program=stamp_program)
    name = f"stamps-{stamp_program.public_id}"
    return csv_answer(name, _COLUMNS, list(_cells(stamp_program, found)))


def _bars(found: Funnel) -> Iterator[Bar]:
    """One for each number of stamps; of a long card one for several."""
    width = -(-(len(found.steps) - 1) // MOST_BARS) or 1
    yield _bar(found, found.steps[:1])
    for begin in range(1, len(found.steps), width):
        yield _bar(found, found.steps[begin : begin + width])


def _bar(found: Funnel, steps: Sequence[Step]) -> Bar:
    members = sum(step.members for step in steps)
    return Bar(steps[0].stamps, steps[-1].stamps, members, share_words(members, found.enrolled))


def _cells(stamp_program: StampProgram, found: Funnel) -> Iterator[list[object]]:
    about = (stamp_program.public_id, stamp_program.name)
    currency = stamp_program.currency

    def line(figure: str, count: int, stamps: object = "", amount: int | None = None) -> list[object]:
        money = ("", "") if amount is None else (f"{major(amount, currency):f}", currency)
        return [*about, figure, stamps, count, *money]

    yield line("enrolled", found.enrolled)
    for step in found.steps:
        yield line("members_at", step.members, step.stamps)
    yield line("rewards_issued", found.issued)
    yield line("rewards_to_pay", found.issued - found.paid - found.revoked, amount=found.to_pay)
    yield line("rewards_paid", found.paid, amount=found.paid_amount)
    yield line("rewards_revoked", found.revoked)
