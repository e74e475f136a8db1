"""Runs of challenges are read, under the lock of their members' rows (domain.md 8)."""

from collections.abc import Collection
from uuid import UUID

from loyalty.ledger.achievements import Achievements, RunKey
from loyalty.ledger.sales import Sales
from loyalty.models import Achievement, ItemChange, LedgerEntry, MemberItem, MissionProgress
from programs.models import Challenge
from programs.queries.snapshots import Snapshot

_WHOLE = Challenge.objects.prefetch_related("missions", "rewards__item__inventory_set")
_BY_NAME = UUID(int=0xC4A12)  # what is derived from a snapshot is known by ids


def challenge_of(achievements: Achievements, config: Snapshot, key: UUID) -> Challenge:
    """One made or changed since the configuration was read is read when it is met."""
    found = achievements.challenges.get(key) or config.challenges_by_id.get(key)
    if found is None:
        found = achievements.challenges[key] = _WHOLE.get(pk=key)
    return found


def challenge_named(achievements: Achievements, config: Snapshot, challenge: str, mission: str) -> Challenge:
    """By public ids, as figures keep them; read again where the mission was made since."""
    names: dict[str, Challenge] = config.derived.setdefault(_BY_NAME, {})
    if not names:
        names |= {str(each.public_id): each for each in config.challenges}
    found = names.get(challenge)
    found = achievements.challenges.get(found.id, found) if found else None
    if found is None or all(str(each.public_id) != mission for each in found.missions.all()):
        read = _WHOLE.get(environment=config.environment_id, public_id=challenge)
        found = achievements.challenges.setdefault(read.id, read)
    return found


def read_runs(achievements: Achievements, config: Snapshot, wanted: Collection[RunKey]) -> None:
    """These members' runs of these challenges: how far they are, and what they have achieved; two statements,
    none where all are known."""
    unknown = {key for key in wanted if key not in achievements.runs}
    if not unknown:
        return
    for member_id, challenge_id, period in unknown:
        achievements.learn(member_id, challenge_of(achievements, config, challenge_id), period)
    which = {
        "member__in": {key[0] for key in unknown},
        "challenge__in": {key[1] for key in unknown},
        "period__in": {key[2] for key in unknown},
    }
    for row in MissionProgress.objects.filter(**which):
        key = row.member_id, row.challenge_id, row.period
        if key in unknown:
            achievements.runs[key].progress[row.mission_id] = row
    live = Achievement.objects.filter(**which, revoked_at__isnull=True).order_by()
    # By kind, as the indexes of live ones are: else the member's whole history would be looked through.
    for found in live.filter(kind="mission").union(live.filter(kind="challenge"), all=True):
        key = found.member_id, found.challenge_id, found.period
        if key in unknown:
            run = achievements.runs[key]
            if found.mission_id is None:
                run.completion = found
            else:
                run.done[found.mission_id] = found


def read_prizes(achievements: Achievements, wanted: Collection[RunKey]) -> None:
    """The ledger entries and items that hang on completions of these runs; two statements, none where nothing is
    complete, three where merges have joined completions."""
    runs = [run for key in wanted if (run := achievements.runs.get(key)) and run.completion]
    sources = {root: own.id for run in runs if (own := run.completion) for root in _roots(own)}
    joined = [root for run in runs if run.completion for root in run.completion.absorbed]
    if joined:
        for other in Achievement.objects.filter(pk__in=joined).order_by("id"):
            achievements.also_given.setdefault(sources[other.id], []).extend(other.entry_ids)
    if sources:
        given = ItemChange.objects.filter(achievement_id__in=list(sources), quantity__gt=0)
        for change in given.order_by("id"):
            if change.achievement_id:
                achievements.gifts.setdefault(sources[change.achievement_id], []).append(change)
    keys = {key for run in runs for key in achievements.prizes_of(run)} - set(achievements.prizes)
    if keys:
        rows = LedgerEntry.objects.filter(pk__in=keys).select_related("account").order_by("id")
        achievements.prizes |= {entry.id: entry for entry in rows}


def _roots(completion: Achievement) -> list[UUID]:
    """The achievements whose items hang on it: its own, or the one that it copies, and those that it absorbed."""
    return [completion.copy_of or completion.id, *completion.absorbed]


def read_items(sales: Sales, members: Collection[UUID], items: Collection[UUID]) -> None:
    """How often these members have these items; one statement, none without any."""
    if members and items:
        for row in MemberItem.objects.filter(member__in=members, item__in=items):
            sales.owned.setdefault((row.member_id, row.item_id), row)
        sales.looked_up |= {(member, item) for member in members for item in items}
