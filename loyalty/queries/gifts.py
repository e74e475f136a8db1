"""Whether what a redemption promises can be given to its member now (domain.md 5)."""

from datetime import datetime
from uuid import UUID

from audit.record import Actor
from loyalty.errors import MaximumReached, NotEligible
from loyalty.ledger.standings import ladders_of, read_standings
from loyalty.models import Redemption
from loyalty.queries.balances import balances_of
from loyalty.queries.redemptions import check_usable
from loyalty.rules.tiers import Ladder, Level
from programs.models import Environment, Metric
from programs.queries.snapshots import Snapshot, snapshot


def check_till(*, environment: Environment, redemption: Redemption, now: datetime) -> None:
    """Raises what using its code at a till now would be refused with: CodeAlreadyUsed, CodeExpired,
    RedemptionClosed; of one that is pending also as `check_givable`."""
    check_usable(redemption, now)
    if redemption.status == Redemption.Status.PENDING:
        check_givable(environment=environment, redemption=redemption, now=now)


def check_givable(*, environment: Environment, redemption: Redemption, now: datetime) -> None:
    """Raises what giving it now would be refused with: MaximumReached, NotEligible. One statement where it
    gives points of a metric that has a maximum, or a tier; else none. Nothing is written."""
    config, gives = snapshot(environment), redemption.gives
    owner = redemption.member.redirect_to_id or redemption.member_id
    if "points" in gives:
        unit = config.metrics_by_id[UUID(gives["metric"])]
        if unit.maximum is not None:
            found = balances_of(environment=environment, member_id=owner, now=now)
            check_room(unit, gives["points"], next(each.total for each in found if each.metric == unit))
    if "tier" in gives:
        tier = UUID(gives["tier"])
        ladder, actor = ladder_with(config, tier), Actor.system("tiers", "")
        if ladder is None:
            raise not_above()
        (standing,) = read_standings(environment, [ladder], [owner], now=now, actor=actor).values()
        check_above(ladder, tier, standing.level)


def check_room(unit: Metric, points: int, total: int) -> None:
    """Raises MaximumReached where an account with so much in it has no room for all of the points."""
    if unit.maximum is not None and total + points > unit.maximum:
        raise MaximumReached(
            f"An account of {unit} holds at most {unit.maximum} points, and this one has {total}.",
            maximum=unit.maximum,
            total=total,
        )


def check_above(ladder: Ladder, tier: UUID, own: Level | None) -> Level:
    """The level that the tier is. Raises NotEligible where it is not above the member's own: whoever paid for it
    would get nothing."""
    level = ladder.level(tier)
    if level is None or not ladder.is_above(level, own):
        raise not_above()
    return level


def not_above() -> NotEligible:
    """Of a tier that the member has reached meanwhile, or whose ladder is not in use."""
    return NotEligible("It gives no tier above the one that the member has.")


def ladder_with(config: Snapshot, tier: UUID | None) -> Ladder | None:
    """The ladder in use that has the tier."""
    ladders = ladders_of(config)
    return next((each for each in ladders if any(level.tier_id == tier for level in each.levels)), None)
