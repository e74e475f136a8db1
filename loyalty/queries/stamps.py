"""Stamp programs, members' cards and what full ones gave (domain.md 7)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from audit.errors import NotFound
from audit.ids import public
from loyalty.models import Member, StampCollection, StampReward
from loyalty.queries.members import find_member
from loyalty.rules import cards as rules
from loyalty.rules.cards import shown
from programs.models import Environment, Program, StampProgram


@dataclass(frozen=True, slots=True)
class Step:
    """So many members stand at so many stamps."""

    stamps: int
    members: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far members are: `steps` from no stamp to one less than the threshold. Rewards are counted by what became
    of them; `to_pay` and `paid_amount` in minor units."""

    enrolled: int
    steps: list[Step]
    issued: int
    paid: int
    revoked: int
    to_pay: int
    paid_amount: int


def stamp_programs_of(environment: Environment) -> QuerySet[StampProgram]:
    """All of an environment, drafts too; keyset by `id`."""
    rows = StampProgram.objects.filter(environment=environment)
    return rows.select_related("program", "picture", "logo")


def offered(environment: Environment, now: datetime) -> QuerySet[StampProgram]:
    """Those that members can join at `now`; keyset by `id`."""
    rows = stamp_programs_of(environment).filter(
        status=StampProgram.Status.ACTIVE, program__status=Program.Status.ACTIVE
    )
    for way in ("", "program__"):
        rows = rows.filter(
            Q(**{f"{way}starts_at__isnull": True}) | Q(**{f"{way}starts_at__lte": now}),
            Q(**{f"{way}ends_at__isnull": True}) | Q(**{f"{way}ends_at__gt": now}),
        )
    return rows


def find_stamp_program(*, environment: Environment, stamp_program: str, drafts: bool = True) -> StampProgram:
    """One by its `lp_` id. Raises NotFound; without `drafts` of a draft too."""
    found = stamp_programs_of(environment).filter(public_id=stamp_program).first()
    if found is None or (not drafts and found.status == StampProgram.Status.DRAFT):
        raise NotFound(f"There is no stamp program {stamp_program!r} in this environment.")
    return found


def collections_of(
    *, environment: Environment, member: str | None = None, stamp_program: str | None = None
) -> QuerySet[StampCollection]:
    """The cards of members, without those of erased ones and those that a merge has joined to another; keyset by
    `id`. `member`: the tenant's id, also of one merged away; nobody's cards for an unknown one."""
    rows = StampCollection.objects.filter(
        environment_id=environment.id, merged_into__isnull=True, member__status__in=Member.LIVING
    ).select_related("member", "stamp_program")
    if stamp_program is not None:
        rows = rows.filter(stamp_program__public_id=stamp_program)
    if member is not None:
        try:
            rows = rows.filter(member=find_member(environment=environment, member=member))
        except NotFound:
            return rows.none()
    return rows


def find_collection(*, environment: Environment, collection: UUID) -> StampCollection:
    """A card by its key; of one that a merge has joined to another, that one. Two statements at most. Raises
    NotFound; also for another environment's, and for an erased member's."""
    rows = StampCollection.objects.filter(environment_id=environment.id)
    joined = (
        rows.filter(pk=collection, merged_into__isnull=False).values_list("merged_into", flat=True).first()
    )
    found = collections_of(environment=environment).filter(pk=joined or collection).first()
    if found is None:
        raise NotFound(f"There is no stamp collection {public('sc', collection)} in this environment.")
    return found


def shown_counter(collection: StampCollection) -> int:
    """The stamps that the member is shown; the card comes with its program."""
    return shown(collection.counter, collection.stamp_program.thresholds, collection.cycle_from)


def running_threshold(collection: StampCollection) -> int:
    """So many stamps fill the card that is running."""
    thresholds = collection.stamp_program.thresholds
    return rules.running_threshold(collection.counter, thresholds, collection.cycle_from)


def due_rewards(collection: StampCollection) -> int:
    """How many rewards a lower threshold has made due to the card that no worker has issued yet; the card comes with
    its program."""
    filled, _ = rules.due(collection.counter, collection.stamp_program.thresholds, collection.cycle_from)
    return len(filled)


def rewards_of(
    *,
    environment: Environment,
    member_id: UUID | None = None,
    status: str | None = None,
    stamp_program: str | None = None,
) -> QuerySet[StampReward]:
    """What full cards gave, with its member, card and program; keyset by `id`."""
    rows = StampReward.objects.filter(environment_id=environment.id)
    rows = rows.select_related("member", "collection", "stamp_program")
    if member_id is not None:
        rows = rows.filter(member=member_id)
    if status is not None:
        rows = rows.filter(status=status)
    if stamp_program is not None:
        rows = rows.filter(stamp_program__public_id=stamp_program)
    return rows


def find_stamp_reward(*, environment: Environment, reward: UUID) -> StampReward:
    """One reward; one statement. Raises NotFound; also for another environment's."""
    found = rewards_of(environment=environment).filter(pk=reward).first()
    if found is None:
        raise NotFound(f"There is no stamp reward {public('sr', reward)} in this environment.")
    return found


def funnel(*, environment: Environment, stamp_program: StampProgram) -> Funnel:
    """How far the members of a stamp program are; two statements."""
    return funnels(environment=environment, stamp_programs=[stamp_program])[stamp_program.pk]


def funnels(*, environment: Environment, stamp_programs: Sequence[StampProgram]) -> dict[UUID, Funnel]:
    """How far the members of each of these stamp programs are; two statements for all of them."""
    programs = {one.pk: one for one in stamp_programs}
    standing: defaultdict[UUID, Counter[int]] = defaultdict(Counter)
    cards = collections_of(environment=environment).filter(stamp_program__in=programs).order_by()
    groups = cards.values_list("stamp_program", "counter", "cycle_from").annotate(members=Count("id"))
    for key, counter, cycle_from, members in groups:
        standing[key][shown(counter, programs[key].thresholds, cycle_from)] += members
    rewards = StampReward.objects.filter(environment_id=environment.id, stamp_program__in=programs).order_by()
    figures: defaultdict[UUID, dict[str, tuple[int, int]]] = defaultdict(dict)
    totals = rewards.values_list("stamp_program", "status").annotate(count=Count("id"), amount=Sum("amount"))
    for key, status, count, amount in totals:
        figures[key][status] = (count, int(amount))
    return {key: _funnel(one, standing[key], figures[key]) for key, one in programs.items()}


def _funnel(
    stamp_program: StampProgram, standing: Counter[int], figures: Mapping[str, tuple[int, int]]
) -> Funnel:
    """`figures`: the count and the sum of the rewards in each status."""
    counts = {status: figures.get(status, (0, 0)) for status in StampReward.Status.values}
    highest = max([stamp_program.threshold - 1, *standing])
    return Funnel(
        enrolled=standing.total(),
        steps=[Step(stamps, standing[stamps]) for stamps in range(highest + 1)],
        issued=sum(count for count, _ in counts.values()),
        paid=counts["paid"][0],
        revoked=counts["revoked"][0],
        to_pay=counts["issued"][1],
        paid_amount=counts["paid"][1],
    )
