"""Challenges, and how far members are with them (domain.md 8)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet

from audit.errors import NotFound
from loyalty.ledger.achievements import missions_of
from loyalty.ledger.consistent import one_state
from loyalty.models import Achievement, Member, MissionProgress
from loyalty.queries.challenges_in_force import period_at
from loyalty.queries.taken_up import begun_by
from loyalty.rules.challenges import ZERO, shown
from programs.models import Challenge, ChallengeReward, Environment, Mission, Program
from programs.queries.snapshots import Snapshot, snapshot


@dataclass(frozen=True, slots=True)
class MissionState:
    """`progress`: in events or in the mission's field, never above its target."""

    mission: Mission
    progress: Decimal
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberChallenge:
    """How far a member is with a challenge in its period of now. `missions`: in their order; a removed one only where
    the member had completed it."""

    challenge: Challenge
    period: str
    missions: list[MissionState]
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Funnel:
    """Members in the period of now: who began, who completed each mission (by its key) and all of it."""

    started: int
    missions: dict[UUID, int]
    completed: int


@dataclass(slots=True)
class Standing:
    """What a member has achieved of a challenge in one period."""

    missions: dict[UUID, Achievement] = field(default_factory=dict)
    completion: Achievement | None = None


# -- the configured ones


def challenges_in(environment: Environment) -> QuerySet[Challenge]:
    """All of an environment, drafts too, with their missions (removed ones too) and rewards; keyset by `id`."""
    rewards = ChallengeReward.objects.select_related("metric", "item__inventory_set")
    rows = Challenge.objects.filter(environment=environment).select_related("program")
    return rows.prefetch_related(
        Prefetch("missions", Mission.objects.order_by("place", "id")), Prefetch("rewards", rewards)
    )


def find_challenge(*, environment: Environment, challenge: str) -> Challenge:
    """One by its public id, a UUID; three statements. Raises NotFound."""
    try:
        found = challenges_in(environment).filter(public_id=UUID(challenge)).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound(f"There is no challenge {challenge!r} in this environment.")
    return found


def active_programs(config: Snapshot) -> set[UUID]:
    return {program.id for program in config.programs if program.status == Program.Status.ACTIVE}


def shown_challenges(config: Snapshot, now: datetime) -> list[Challenge]:
    """Those that members are shown, in their order: active ones of active programs that are not over; none where the
    plan has none. No statement."""
    if "challenges" not in config.features:
        return []
    going = {
        program.id
        for program in config.programs
        if program.status == Program.Status.ACTIVE and not _is_over(program.ends_at, now)
    }
    return [
        challenge
        for challenge in config.challenges
        if challenge.status == Challenge.Status.ACTIVE
        and challenge.program_id in going
        and not _is_over(challenge.ends_at, now)
    ]


def _is_over(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now


# -- of one member


def challenge_states(*, environment: Environment, member: Member, now: datetime) -> list[MemberChallenge]:
    """The challenges that the member is shown, and those that they began or completed in the period of now; in the
    order of the app. Two statements, three where there are challenges that members are not shown."""
    config = snapshot(environment)
    with one_state():
        challenges = challenges_of(config, member.pk, now, begun_by)
        done = standings_of(config, member.pk, challenges, now)
        rows = MissionProgress.objects.filter(progress__gt=0, **_of_now(config, member.pk, challenges, now))
        progress = {(row.mission_id, row.period): row.progress for row in rows}
    visible = {challenge.id for challenge in shown_challenges(config, now)}
    states = (
        _state(challenge, period_at(config, challenge, now), done, progress) for challenge in challenges
    )
    return [state for state in states if state.challenge.id in visible or _is_begun(state)]


def challenges_of(
    config: Snapshot, member_id: UUID, now: datetime, taken_up_by: Callable[[UUID], set[UUID]]
) -> list[Challenge]:
    """Those that members are shown, and of the others those that this one took up: over the years most are over.
    In the order of the app; one statement, none where all are shown."""
    shown_now = {challenge.id for challenge in shown_challenges(config, now)}
    if len(shown_now) == len(config.challenges):
        return list(config.challenges)
    wanted = shown_now | taken_up_by(member_id)
    return [challenge for challenge in config.challenges if challenge.id in wanted]


def standings_of(
    config: Snapshot, member_id: UUID, challenges: Collection[Challenge], now: datetime
) -> dict[tuple[UUID, str], Standing]:
    """What the member has achieved of these challenges, and still has, in the periods of now; by challenge and
    period. One statement."""
    which = {"revoked_at__isnull": True, **_of_now(config, member_id, challenges, now)}
    # Each kind has an index of its own, over what is not revoked.
    missions = Achievement.objects.filter(kind=Achievement.Kind.MISSION, **which).order_by()
    whole = Achievement.objects.filter(kind=Achievement.Kind.CHALLENGE, **which).order_by()
    found: defaultdict[tuple[UUID, str], Standing] = defaultdict(Standing)
    for row in missions.union(whole, all=True):
        standing = found[row.challenge_id, row.period]
        if row.mission_id:
            standing.missions[row.mission_id] = row
        else:
            standing.completion = row
    return dict(found)


def _of_now(
    config: Snapshot, member_id: UUID, challenges: Collection[Challenge], now: datetime
) -> dict[str, Any]:
    """All the columns that the indexes begin with, so that a long history is not read along."""
    periods = {period_at(config, challenge, now) for challenge in challenges}
    keys = [challenge.id for challenge in challenges]
    return {"member": member_id, "challenge__in": keys, "period__in": periods}


def _state(
    challenge: Challenge,
    period: str,
    done: dict[tuple[UUID, str], Standing],
    progress: dict[tuple[UUID, str], Decimal],
) -> MemberChallenge:
    standing = done.get((challenge.id, period)) or Standing()
    missions = [
        _mission_state(mission, standing.missions.get(mission.id), progress.get((mission.id, period), ZERO))
        for mission in challenge.missions.all()
        if mission.removed_at is None or mission.id in standing.missions
    ]
    completion = standing.completion
    return MemberChallenge(challenge, period, missions, completion.occurred_at if completion else None)


def _mission_state(mission: Mission, done: Achievement | None, progress: Decimal) -> MissionState:
    counted = shown(progress, mission.target, done=done is not None)
    return MissionState(mission, counted, done.occurred_at if done else None)


def _is_begun(state: MemberChallenge) -> bool:
    missions: Iterable[MissionState] = state.missions
    return state.completed_at is not None or any(one.completed_at or one.progress for one in missions)


# -- of all members


def challenge_funnel(*, environment: Environment, challenge: Challenge, now: datetime) -> Funnel:
    """How far members are in the period of now, without erased and merged ones; two statements."""
    return challenge_funnels(environment=environment, challenges=[challenge], now=now)[challenge.pk]


def challenge_funnels(
    *, environment: Environment, challenges: Sequence[Challenge], now: datetime
) -> dict[UUID, Funnel]:
    """The funnel of each of these challenges, each in its own period of now; two statements for all of them."""
    config = snapshot(environment)
    of_period: defaultdict[str, list[UUID]] = defaultdict(list)
    for challenge in challenges:
        of_period[period_at(config, challenge, now)].append(challenge.pk)
    theirs = Q(pk__in=[])
    for period, keys in of_period.items():
        theirs |= Q(challenge__in=keys, period=period)
    living = {"member__redirect_to__isnull": True, "member__status__in": Member.LIVING}
    with one_state():
        began = MissionProgress.objects.filter(theirs, progress__gt=0, **living).order_by()
        started = dict(began.values_list("challenge").annotate(members=Count("member", distinct=True)))
        live = Achievement.objects.filter(theirs, revoked_at=None, **living).order_by()
        rows = list(live.values_list("challenge", "mission").annotate(members=Count("id")))
    counts = {(challenge, mission): members for challenge, mission, members in rows}
    return {
        one.pk: Funnel(
            started.get(one.pk, 0),
            {mission.pk: counts.get((one.pk, mission.pk), 0) for mission in missions_of(one)},
            counts.get((one.pk, None), 0),
        )
        for one in challenges
    }
