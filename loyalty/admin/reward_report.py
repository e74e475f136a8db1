"""Which rewards are chosen most: the chart, and its file."""

from collections.abc import Sequence

from django.urls import reverse

from loyalty.admin.charts.bars import bars, share_words
from loyalty.admin.charts.reports import Column, Report, Sheet
from loyalty.admin.charts.scales import words_of
from loyalty.queries.reward_figures import RewardFigures

_MOST_BARS = 10


def reward_report(found: Sequence[RewardFigures]) -> Report:
    """Of rewards in their order, the most popular first. The chart has ten and the others together, the table all."""
    total = sum(row.redemptions for row in found)
    drawn = [(row.name, row.redemptions) for row in found[:_MOST_BARS]]
    if others := found[_MOST_BARS:]:
        name = f"{len(others)} other reward{'' if len(others) == 1 else 's'}"
        drawn.append((name, sum(row.redemptions for row in others)))
    return Report(
        slug="rewards",
        title="Top rewards",
        summary=_summary(found, total),
        drawing=bars(drawn, whole=total),
        sheet=Sheet(
            [
                Column("name", "Reward", is_figure=False),
                Column("redemptions", "Redeemed"),
                Column("members", "Members"),
                Column("points", "Paid"),
                Column("reward_id", "Id", is_figure=False),
            ],
            [(row.name, row.redemptions, row.members, row.points, row.public_id) for row in found],
            links=[reverse("admin:programs_reward_change", args=[row.reward_id]) for row in found],
        ),
        empty="No redemption in this period. The chart shows which rewards members choose most; offer one in the"
        " catalogue.",
    )


def _summary(found: Sequence[RewardFigures], total: int) -> str:
    if not found:
        return "No redemption."
    said = f"{words_of(total)} redemption{'' if total == 1 else 's'}"
    return f"{said}, {share_words(found[0].redemptions, total)} of them of {found[0].name}."
