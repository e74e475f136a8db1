"""Challenges that are complete though no event says so: by an edit, or by a merge (domain.md 8). Part of a
transaction; planned in its journal."""

from collections.abc import Collection, Iterable
from uuid import UUID

from loyalty.actions.completing import complete_due, items_given
from loyalty.ledger.achievements import RunKey
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_achievements import read_items, read_runs
from loyalty.queries.challenges_in_force import in_force, period_at
from programs.models import Challenge
from programs.queries.snapshots import snapshot


def rewarded_metrics(challenges: Iterable[Challenge]) -> set[UUID]:
    """The metrics of what they give."""
    rewards = [reward for challenge in challenges for reward in challenge.rewards.all()]
    return {reward.metric_id for reward in rewards if reward.metric_id}


def complete_runs(journal: Journal, wanted: Collection[RunKey]) -> int:
    """Complete what is due of these runs now: of challenges that are in force, in the present period. Answers how many
    runs achieved anything. Three statements at most; the journal writes the rest. Locked must be the members, and their
    accounts in the metrics of the rewards."""
    config = snapshot(journal.environment)
    periods = {one.id: period_at(config, one, journal.now) for one in in_force(config, journal.now)}
    keys = [key for key in sorted(wanted) if periods.get(key[1]) == key[2]]
    read_runs(journal.achievements, config, keys)
    runs = [journal.achievements.runs[key] for key in keys]
    items = {item for run in runs if run.completion is None for item in items_given(run)}
    read_items(journal.sales, {run.member_id for run in runs}, items)
    done = [complete_due(journal, config, run, event=None, at=journal.now) for run in runs]
    return sum(bool(each.told) for each in done)
