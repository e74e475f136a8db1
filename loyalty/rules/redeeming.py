"""Whether a member may have a reward now, what it costs them, and what it is worth (domain.md 5).

Pure, and the only place where that is decided: the catalogue shows all refusals, a redemption is refused by
the first. Points are whole, money is Decimal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_DOWN, Decimal
from typing import Any, Literal

from loyalty.rules.days import midnight
from programs.conditions import Condition, Facts

Per = Literal["day", "week", "month", "ever"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not: the code of an error (docs/errors.md), a sentence, and what else the error carries."""

    code: str
    detail: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides of a reward. `tier_points`: the cost for members of a tier, by its code. Of a variable cost
    `bounds`: from, to, step, in points. `gives_points`: of another metric, where that is fixed; `gives_rate`: for
    each point spent, where it is not."""

    status: str
    condition: Condition
    points: int | None
    tier_points: Mapping[str, int]
    bounds: tuple[int, int, int] | None
    starts_at: datetime | None
    ends_at: datetime | None
    limit_times: int | None
    limit_per: Per
    gives_points: int | None = None
    gives_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """The program's state and window."""

    status: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """How it stands for one member at `facts.occurred_at`. `used`: redemptions that count in the period of
    the limit. `left`: of the stock, None without a limit. `has_code`: the pool has one, or none is needed.
    `balance`: what can be spent. `room`: of the metric that it gives, None without a maximum. `is_raised`:
    a tier that it gives is above the member's own."""

    facts: Facts
    program: Availability
    is_frozen: bool
    used: int
    left: int | None
    has_code: bool
    balance: int
    room: int | None = None
    is_raised: bool = True


def cost_of(terms: Terms, tier: str | None) -> int:
    """What it costs a member of that tier; of a variable cost the least."""
    if terms.bounds:
        return terms.bounds[0]
    return terms.tier_points.get(tier or "", terms.points or 0)


def refusals(terms: Terms, situation: Situation, points: int | None = None) -> Iterator[Refusal]:
    """All that stands against it, in the order in which a redemption is refused. `points`: what the call
    spends, where the cost is variable; else, and in the catalogue, the cost."""
    at, zone = situation.facts.occurred_at, situation.facts.time_zone
    cost = cost_of(terms, situation.facts.tier) if points is None else points
    yield from _unavailable(terms, situation.program, at)
    if situation.is_frozen:
        yield Refusal("member_frozen", "The member is frozen; support can unfreeze them.")
    verdict = terms.condition.evaluate(situation.facts)
    if verdict.failed:
        words = verdict.failed.words
        yield Refusal("not_eligible", f"Not for this member: {words}.", {"failed": verdict.failed.to_json()})
    if not situation.is_raised:
        yield Refusal("not_eligible", "It gives no tier above the one that the member has.")
    yield from _used_up(terms, situation.used, at, zone)
    if cost > 0 and cost > situation.balance:
        balance = max(0, situation.balance)
        yield Refusal(
            "insufficient_balance",
            f"{balance} points can be spent, {cost} are needed.",
            {"balance": situation.balance, "required": cost},
        )
    given = given_points(terms, cost)
    if given is not None and situation.room is not None and given > situation.room:
        yield Refusal(
            "maximum_reached",
            f"It gives {given} points, and their maximum leaves room for {max(0, situation.room)}.",
            {"room": max(0, situation.room)},
        )
    if situation.left is not None and situation.left < 1:
        yield Refusal("out_of_stock", "All of them are taken.")
    elif not situation.has_code:
        yield Refusal("out_of_stock", "No code is left.")


def given_points(terms: Terms, cost: int) -> int | None:
    """Points of another metric that so many points buy; None where it gives none."""
    if terms.gives_rate is not None:
        return int(cost * terms.gives_rate)
    return terms.gives_points


def points_refused(terms: Terms, points: int | None, tier: str | None) -> str | None:
    """What is wrong with the points that a call names, as a sentence; None where they are right."""
    if not terms.bounds:
        cost = cost_of(terms, tier)
        return None if points in (None, cost) else f"This reward costs the member {cost} points."
    low, high, step = terms.bounds
    if points is None:
        return f"Say how many points to spend: {low} to {high}, in steps of {step}."
    if not low <= points <= high or (points - low) % step:
        return f"Spend {low} to {high} points, in steps of {step} from {low}."
    return None


def value_of(points: int, rate: Decimal, digits: int) -> Decimal:
    """What so many points are worth at a rate per point, down to `digits` after the point."""
    return (points * rate).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_DOWN)


def period_at(per: Per, at: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """The period in which the instant lies, from (inclusive) and until (exclusive); None: without end. Weeks
    begin on Monday; the days are those of the zone."""
    if per == "ever":
        return None, None
    day = at.astimezone(zone).date()
    if per == "day":
        first, last = day, day + timedelta(days=1)
    elif per == "week":
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=7)
    else:
        first = day.replace(day=1)
        last = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return midnight(first, zone), midnight(last, zone)


def _used_up(terms: Terms, used: int, at: datetime, zone: tzinfo) -> Iterator[Refusal]:
    if terms.limit_times is None or used < terms.limit_times:
        return
    _, until = period_at(terms.limit_per, at, zone)
    per = "" if terms.limit_per == "ever" else f" a {terms.limit_per}"
    yield Refusal(
        "member_limit_reached",
        f"A member may have it {_times(terms.limit_times)}{per}, and this one has had it {_times(used)}.",
        {
            "limit": terms.limit_times,
            "per": terms.limit_per,
            "used": used,
            "resets_at": _utc(until) if until else None,
        },
    )


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _unavailable(terms: Terms, program: Availability, at: datetime) -> Iterator[Refusal]:
    if program.status != "active":
        yield _not_available(f"program_{program.status}", f"Its program is {_STATES[program.status]}.")
    yield from _outside(program.starts_at, program.ends_at, at, "program_", "Its program")
    if terms.status != "active":
        yield _not_available(terms.status, f"The reward is {_STATES[terms.status]}.")
    yield from _outside(terms.starts_at, terms.ends_at, at, "", "The reward")


def _outside(
    starts_at: datetime | None, ends_at: datetime | None, at: datetime, prefix: str, what: str
) -> Iterator[Refusal]:
    if starts_at and at < starts_at:
        when = _utc(starts_at)
        yield _not_available(
            f"{prefix}not_started",
            f"{what} begins at {_utc(starts_at.replace(microsecond=0))}.",
            available_from=when,
        )
    if ends_at and at >= ends_at:
        when = _utc(ends_at)
        yield _not_available(
            f"{prefix}over", f"{what} ended at {_utc(ends_at.replace(microsecond=0))}.", available_until=when
        )


_STATES = {"draft": "a draft", "paused": "paused", "ended": "over", "archived": "no longer offered"}


def _not_available(reason: str, detail: str, **data: str) -> Refusal:
    return Refusal("reward_not_available", detail, {"reason": reason, **data})


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
