"""How many members hold each level of the ladders: the chart, and its file."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from django.urls import reverse

from loyalty.admin.asked import Asked
from loyalty.admin.charts.bars import bars
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import so_many, words_of
from loyalty.queries.tiers import members_per_level
from programs.queries.snapshots import Snapshot, snapshot

_COLUMNS = (
    Column("program", "Program", is_figure=False),
    Column("tier", "Tier", is_figure=False),
    Column("members", "Members"),
)


def tiers_report(asked: Asked) -> Report | None:
    """As of now, whichever period was asked for. None without a ladder."""
    config = snapshot(asked.environment)
    held = members_per_level(asked.environment)
    if not held:
        return None
    rows = [row for ladder in held for row in _levels(config, ladder, held[ladder])]
    drawn = [(tier if len(held) == 1 else f"{program} · {tier}", members) for program, tier, members in rows]
    most, standing = max(drawn, key=lambda one: one[1])
    everybody = sum(next(iter(held.values())).values())
    return Report(
        slug="tiers",
        title="Members by tier",
        summary=f"Of {so_many(everybody, 'member')}, most stand at: {most} ({words_of(standing)}), as of now.",
        drawing=bars(drawn, whole=everybody) if everybody else None,
        sheet=Sheet(_COLUMNS, rows),
        empty="There is no member yet. The chart shows how many stand at each tier; the first event brings the first.",
        more=reverse("admin:programs_tierladder_changelist"),
        more_words="Tiers",
    )


def _levels(
    config: Snapshot, ladder: UUID, held: Mapping[UUID | None, int]
) -> Iterator[tuple[str, str, int]]:
    """From no tier to the highest: the program, the tier, and how many members hold it."""
    program_id = next(one.program_id for one in config.ladders if one.id == ladder)
    program = next(one.name for one in config.programs if one.id == program_id)
    if None in held:
        yield program, "No tier yet", held[None]
    for tier in sorted(config.tiers, key=lambda tier: tier.threshold):
        if tier.ladder_id == ladder and tier.id in held:
            yield program, tier.title, held[tier.id]
