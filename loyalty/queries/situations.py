"""What decides whether a member may have rewards: read, not judged (domain.md 5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import simplejson
from django.db import connection

from audit.record import Actor
from loyalty.ledger.standings import ladders_of, read_standings
from loyalty.models import EventCount, Member
from loyalty.queries.offers import Offer
from loyalty.rules.redeeming import Availability, Situation, period_at
from loyalty.rules.tiers import Level
from programs.conditions import Facts
from programs.models import Environment, Reward
from programs.queries.snapshots import Snapshot

# The member and those merged into them are one person: together they have had it so often.
_READ = """
WITH family AS (
    SELECT id FROM loyalty_member WHERE id = %(member)s
    UNION ALL SELECT id FROM loyalty_member WHERE redirect_to_id = %(member)s AND status <> 'erased'
)
SELECT wanted.id, stock.reward_id IS NOT NULL, stock.stock - stock.taken,
    NOT wanted.is_pool OR EXISTS (
        SELECT FROM loyalty_rewardcode AS code WHERE code.reward_id = wanted.id AND code.status = 'available'
    ),
    CASE WHEN wanted.is_limited THEN (
        SELECT count(*) FROM loyalty_redemption AS had
        WHERE had.member_id IN (SELECT id FROM family) AND had.reward_id = wanted.id
            AND had.occurred_at >= wanted.since AND had.occurred_at < wanted.until
            AND had.status IN ('pending', 'fulfilled')
    ) ELSE 0 END,
    member.status, member.created_at, member.attributes
FROM unnest(
    %(rewards)s::uuid[], %(pools)s::boolean[], %(limited)s::boolean[], %(since)s::timestamptz[],
    %(until)s::timestamptz[]
) AS wanted (id, is_pool, is_limited, since, until)
LEFT JOIN loyalty_rewardstock AS stock ON stock.reward_id = wanted.id
LEFT JOIN loyalty_member AS member ON member.id = %(member)s
"""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is there of one reward, and how often the member has had it in the period of its limit. `left`:
    None without a limit; `is_counted`: a row counts what is taken."""

    is_counted: bool
    left: int | None
    has_code: bool
    used: int


@dataclass(slots=True)
class Known:
    """What is known of a member at `now`. `levels`: by program. A member that is not there counts as new."""

    now: datetime
    config: Snapshot
    is_frozen: bool = False
    created_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    shelves: dict[UUID, Shelf] = field(default_factory=dict)
    levels: dict[UUID, Level | None] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def tier_in(self, program_id: UUID) -> str | None:
        """The code of the member's tier in the program."""
        level = self.levels.get(program_id)
        return level.code if level else None

    def situation(self, offer: Offer, *, balance: int, room: int | None) -> Situation:
        """How it stands for one reward. `balance` can be spent of its metric, `room` is left of the other."""
        reward, shelf = offer.reward, self.shelves[offer.reward.pk]
        program = next(p for p in self.config.programs if p.id == reward.program_id)
        age = (self.now - self.created_at).days if self.created_at else 0
        return Situation(
            facts=Facts(
                event_type="redemption",
                occurred_at=self.now,
                time_zone=self.config.time_zone,
                attributes=self.attributes,
                tier=self.tier_in(reward.program_id),
                age_days=max(0, age),
                event_counts=self.counts,
            ),
            program=Availability(program.status, program.starts_at, program.ends_at),
            is_frozen=self.is_frozen,
            used=shelf.used,
            left=shelf.left,
            has_code=shelf.has_code,
            balance=balance,
            room=room,
            is_raised=self._is_raised(reward),
        )

    def _is_raised(self, reward: Reward) -> bool:
        """Whether a tier that it gives, of a ladder that is in use, is above the member's own."""
        tier = reward.gives_tier
        if tier is None:
            return True
        level = self.levels.get(reward.program_id)
        is_used = any(ladder.id == tier.ladder_id for ladder in ladders_of(self.config))
        return is_used and (level is None or tier.threshold > level.threshold)


def read_known(
    *,
    environment: Environment,
    config: Snapshot,
    offers: Sequence[Offer],
    member_id: UUID,
    now: datetime,
) -> Known:
    """One statement; one more where a tier decides, one where numbers of events do. What redemptions may
    change meanwhile is right for good where the member's account is locked. The tiers are as they stand,
    settled to `now`, but nothing of that is planned."""
    known = Known(now, config)
    with connection.cursor() as cursor:
        cursor.execute(_READ, _arguments(config, offers, member_id, now))
        for key, counted, left, has_code, used, status, created_at, attributes in cursor.fetchall():
            known.shelves[key] = Shelf(counted, left, has_code, used)
            known.is_frozen = status == Member.Status.FROZEN
            known.created_at = created_at
            known.attributes = simplejson.loads(attributes or "{}", use_decimal=True)
    _read_levels(known, environment, offers, member_id)
    if types := frozenset().union(*(offer.asks_counts for offer in offers)):
        rows = EventCount.objects.filter(member_id=member_id, type__in=types)
        known.counts = dict(rows.values_list("type", "count"))
    return known


def _read_levels(known: Known, environment: Environment, offers: Sequence[Offer], member_id: UUID) -> None:
    programs = {offer.reward.program_id for offer in offers if offer.asks_tier}
    ladders = [ladder for ladder in ladders_of(known.config) if ladder.program_id in programs]
    actor = Actor.system("tiers", "")
    standings = read_standings(environment, ladders, [member_id], now=known.now, actor=actor)
    for standing in standings.values():
        known.levels[standing.ladder.program_id] = standing.level


def _arguments(config: Snapshot, offers: Collection[Offer], member_id: UUID, now: datetime) -> dict[str, Any]:
    periods = [period_at(offer.terms.limit_per, now, config.time_zone) for offer in offers]
    return {
        "member": member_id,
        "rewards": [offer.reward.pk for offer in offers],
        "pools": [offer.reward.code_source == Reward.CodeSource.POOL for offer in offers],
        "limited": [offer.terms.limit_times is not None for offer in offers],
        "since": [since.isoformat() if since else "-infinity" for since, _ in periods],
        "until": [until.isoformat() if until else "infinity" for _, until in periods],
    }
