"""How far a member is with challenges and milestones, what they completed, and what they own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils import formats

from loyalty.admin.redemption_words import masked
from loyalty.models import Achievement, Event, Member
from loyalty.queries.balances import Balance
from loyalty.queries.challenges import MemberChallenge, MissionState, challenge_states
from loyalty.queries.families import family_of
from loyalty.queries.notifications import unread_of
from loyalty.queries.owned import owned_by
from loyalty.rules import challenges as rules
from loyalty.rules.milestones import reached
from programs.models import Challenge, Coupon, Environment, InventoryItem, Milestone, MilestoneSet
from programs.pictures import picture_path
from programs.queries.snapshots import snapshot

_LATEST = 10


@dataclass(frozen=True, slots=True)
class Bar:
    """A mission with its progress; `share` of 100. `waits`: for those before it in a sequence."""

    title: str
    progress: Decimal
    target: Decimal
    share: int
    completed_at: datetime | None
    waits: bool
    was_removed: bool


@dataclass(frozen=True, slots=True)
class ChallengeRow:
    """A challenge in its period of now, in words; nothing of one that is done once."""

    challenge: Challenge
    period: str
    missions: list[Bar]
    completed_at: datetime | None

    @property
    def done(self) -> int:
        return sum(1 for one in self.missions if one.completed_at)


@dataclass(frozen=True, slots=True)
class MilestoneRow:
    """The highest milestone of a set that the member stands on, and how far the next one is; `share` of 100."""

    milestone_set: MilestoneSet
    total: int
    here: Milestone | None
    following: Milestone | None
    share: int

    @property
    def missing(self) -> int:
        return self.following.threshold - self.total if self.following else 0


@dataclass(frozen=True, slots=True)
class Done:
    """A mission or challenge that the member completed, and what came of it; `event`: what did it."""

    achievement: Achievement
    period: str
    event: Event | None


@dataclass(frozen=True, slots=True)
class ChallengesShown:
    """`unread`: notifications that the member's app has not fetched."""

    rows: list[ChallengeRow]
    milestones: list[MilestoneRow]
    latest: list[Done]
    more: bool
    unread: int


@dataclass(frozen=True, slots=True)
class ItemShown:
    """An item that the member owns. `codes`: as the reader may see them."""

    item: InventoryItem
    quantity: int
    picture: str
    coupon: Coupon | None
    codes: list[str]


def challenges_shown(
    environment: Environment, member: Member, balances: Sequence[Balance], now: datetime
) -> ChallengesShown:
    """`balances`: of all metrics, at `now`. Six statements at most besides the snapshot."""
    states = challenge_states(environment=environment, member=member, now=now)
    done = list(
        Achievement.objects.filter(member__in=family_of(member.pk).order_by().values("pk"), copy_of=None)
        .select_related("challenge", "mission")
        .order_by("-id")[: _LATEST + 1]
    )
    events = Event.objects.only("pk", "event_id").in_bulk([one.event_id for one in done if one.event_id])
    return ChallengesShown(
        rows=[_row(state) for state in states],
        milestones=_milestones(environment, balances),
        latest=[Done(one, period_words(one.period), _event(events, one)) for one in done[:_LATEST]],
        more=len(done) > _LATEST,
        unread=unread_of(member.pk).count(),
    )


def items_shown(member: Member, *, whole: bool) -> list[ItemShown]:
    """What the member owns. `whole`: whether the reader may see codes, else their ends; at most three statements."""
    return [
        ItemShown(
            item=one.item,
            quantity=one.quantity,
            picture=picture_path(one.item.picture_id) if one.item.picture_id else "",
            coupon=one.coupon,
            codes=one.codes if whole else [masked(code) for code in one.codes],
        )
        for one in owned_by(member)
    ]


def period_words(period: str) -> str:
    """`day:2026-11-21` in words: "21 Nov 2026", "week of 16 Nov 2026", "November 2026"; empty of what is
    done once."""
    kind, _, text = period.partition(":")
    try:
        first = date.fromisoformat(f"{text}-01" if kind == "month" else text)
    except ValueError:
        return "" if kind == "ever" else period
    if kind == "month":
        return formats.date_format(first, "F Y")
    day = formats.date_format(first, "DATE_FORMAT")
    return f"week of {day}" if kind == "week" else day


def _row(state: MemberChallenge) -> ChallengeRow:
    steps = [_step(one) for one in state.missions if one.mission.removed_at is None]
    is_sequence = state.challenge.mission_order == Challenge.Order.SEQUENCE
    waiting = {step.mission_id for step in steps} - rules.in_turn(steps, sequence=is_sequence)
    bars = [_bar(one, waits=one.mission.id in waiting and not one.completed_at) for one in state.missions]
    return ChallengeRow(state.challenge, period_words(state.period), bars, state.completed_at)


def _step(one: MissionState) -> rules.Step:
    done = one.mission.target if one.completed_at else None
    return rules.Step(one.mission.id, one.mission.target, one.progress, done)


def _bar(one: MissionState, *, waits: bool) -> Bar:
    return Bar(
        title=one.mission.title,
        progress=one.progress,
        target=one.mission.target,
        share=100 if one.completed_at else _share(one.progress, one.mission.target),
        completed_at=one.completed_at,
        waits=waits,
        was_removed=one.mission.removed_at is not None,
    )


def _share(done: Decimal | int, whole: Decimal | int) -> int:
    return max(0, min(100, int(done * 100 / whole))) if whole > 0 else 0


def _milestones(environment: Environment, balances: Collection[Balance]) -> list[MilestoneRow]:
    totals = {balance.metric.pk: balance.total for balance in balances}
    found = []
    for each in snapshot(environment).milestone_sets:
        milestones = list(each.milestones.all())
        if milestones and each.metric_id in totals:
            found.append(_milestone(each, milestones, totals[each.metric_id]))
    return found


def _milestone(milestone_set: MilestoneSet, milestones: Sequence[Milestone], total: int) -> MilestoneRow:
    place = reached([one.threshold for one in milestones], total)
    here = milestones[place] if place is not None else None
    above = 0 if place is None else place + 1
    following = milestones[above] if above < len(milestones) else None
    start = here.threshold if here else 0
    share = _share(total - start, following.threshold - start) if following else 100
    return MilestoneRow(milestone_set, total, here, following, share)


def _event(events: dict[UUID, Event], achievement: Achievement) -> Event | None:
    return events.get(achievement.event_id) if achievement.event_id else None
