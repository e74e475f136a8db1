"""What a member's app shows of them: metrics, inventory and challenges (domain.md 8, api.md /api/loyalty)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.ledger.consistent import one_state
from loyalty.models import Account, Member, MemberItem
from loyalty.queries.challenges import (
    Standing,
    active_programs,
    challenges_of,
    shown_challenges,
    standings_of,
)
from loyalty.queries.challenges_in_force import period_at
from loyalty.queries.taken_up import completed_by
from programs.models import Challenge, Environment
from programs.queries.snapshots import Snapshot, snapshot


@dataclass(frozen=True, slots=True)
class ChallengeState:
    """`missions_completed`: UUIDs as text, in the order of the missions, of those alone that members are shown."""

    is_completed: bool
    missions_completed: list[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """`metrics`: points by code, as last settled; `inventory`: ids of items by the id of their set, each as often as
    it is owned; `challenges`: by their UUIDs as text."""

    metrics: dict[str, int]
    inventory: dict[str, list[str]]
    challenges: dict[str, ChallengeState]


def profile_of(*, environment: Environment, member: Member, now: datetime) -> Profile:
    """All metrics of active programs, all inventory sets, and the challenges that members are shown or that this one
    has completed, in their period of now. Three statements, four where there are challenges that members are not
    shown, whatever the member's history and however many those are."""
    config = snapshot(environment)
    with one_state():
        totals = dict(Account.objects.filter(member=member).values_list("metric", "total"))
        inventory = _inventory(config, member.pk)
        challenges = challenges_of(config, member.pk, now, completed_by)
        done = standings_of(config, member.pk, challenges, now)
    programs = active_programs(config)
    metrics = [metric for metric in config.metrics if metric.program_id in programs]
    return Profile(
        metrics={metric.code: totals.get(metric.id, metric.default_value) for metric in metrics},
        inventory=inventory,
        challenges=_challenges(config, challenges, done, now),
    )


def _inventory(config: Snapshot, member_id: UUID) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {each.public_id: [] for each in config.inventory_sets}
    owned = MemberItem.objects.filter(member=member_id, quantity__gt=0).order_by("item__title", "item")
    rows = owned.values_list("item__inventory_set__public_id", "item__public_id", "quantity")
    for set_id, item_id, quantity in rows:
        found.setdefault(set_id, []).extend([item_id] * quantity)
    return found


def _challenges(
    config: Snapshot, challenges: list[Challenge], done: dict[tuple[UUID, str], Standing], now: datetime
) -> dict[str, ChallengeState]:
    visible = {challenge.id for challenge in shown_challenges(config, now)}
    found = {}
    for challenge in challenges:
        standing = done.get((challenge.id, period_at(config, challenge, now))) or Standing()
        if challenge.id in visible or standing.completion:
            found[str(challenge.public_id)] = _state(challenge, standing)
    return found


def _state(challenge: Challenge, standing: Standing) -> ChallengeState:
    done = [mission for mission in challenge.missions.all() if mission.id in standing.missions]
    shown = [str(mission.public_id) for mission in done if mission.removed_at is None]
    return ChallengeState(standing.completion is not None, shown)
