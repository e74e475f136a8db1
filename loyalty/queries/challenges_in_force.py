"""Which challenges are in force at an instant, and to which of their periods it belongs (domain.md 8)."""

from datetime import datetime
from typing import cast

from loyalty.queries.rules import is_active
from loyalty.rules.stamps import in_window
from programs.limits import Per, period_of
from programs.models import Challenge
from programs.queries.snapshots import Snapshot


def period_at(config: Snapshot, challenge: Challenge, at: datetime) -> str:
    """The period of an instant: of a challenge that repeats the local day, week or month, else `ever`."""
    return period_of(cast("Per", challenge.per), at, config.time_zone)


def why_not_in_force(config: Snapshot, challenge: Challenge, at: datetime) -> str | None:
    """Why nothing of that instant counts for the challenge, in a sentence; None where it is in force."""
    if challenge.status != Challenge.Status.ACTIVE:
        return "The challenge is paused."
    if not in_window(challenge.starts_at, challenge.ends_at, at):
        return "It happened outside the challenge's dates."
    program = next((known for known in config.programs if known.id == challenge.program_id), None)
    if program is None or not is_active(program, at):
        return "Its program was not active when it happened."
    return None


def in_force(config: Snapshot, at: datetime) -> list[Challenge]:
    """The challenges that are in force at that instant, in their order; none where the plan has none."""
    if "challenges" not in config.features:
        return []
    return [one for one in config.challenges if why_not_in_force(config, one, at) is None]
