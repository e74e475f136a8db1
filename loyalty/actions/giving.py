"""What a reward changes beside points spent: points of another metric, a tier, an item (domain.md 5).

Planned in a journal whose books and standings are open; under the locks that `loyalty.actions.opening` takes.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.actions.points import credit
from loyalty.ledger.merging import merge_accounts
from loyalty.ledger.posting import Cause, Journal
from loyalty.ledger.standings import Standing
from loyalty.models import Redemption
from loyalty.queries.families import family_of
from loyalty.queries.gifts import check_above, check_room, not_above
from loyalty.rules.tiers import State
from programs.queries.snapshots import Snapshot


def give(journal: Journal, config: Snapshot, redemption: Redemption, owner: UUID) -> None:
    """Plan what the redemption gives. `owner`: who goes on for its member after a merge, else the member.

    Raises MaximumReached where the metric's maximum leaves no room for all of it, and NotEligible where the
    tier is not above the one that they have.
    """
    gives = redemption.gives
    if "points" in gives:
        _give_points(journal, config, redemption, owner)
    if "tier" in gives:
        _give_tier(journal, redemption, owner)
    if "item" in gives:
        _move_item(journal, redemption, owner, UUID(gives["item"]), 1)


def take_back(journal: Journal, redemption: Redemption, owner: UUID) -> dict[str, Any]:
    """Plan that the tier and the item are gone again, as far as the member still has them; what the audit says
    of that. Points are reversed with the redemption's entries. Locks: a later upgrade that began from its tier.
    """
    gives = redemption.gives
    if "item" in gives:
        _move_item(journal, redemption, owner, UUID(gives["item"]), -1)
    if "tier" in gives and redemption.given:
        return _take_tier(journal, redemption, owner)
    return {}


def _give_points(journal: Journal, config: Snapshot, redemption: Redemption, owner: UUID) -> None:
    unit = config.metrics_by_id[UUID(redemption.gives["metric"])]
    points: int = redemption.gives["points"]
    home, wallet = (journal.book_of(key, unit) for key in (redemption.member_id, owner))
    check_room(unit, points, wallet.account.total)
    cause = Cause(reason=redemption.name, redemption_id=redemption.id)
    credit(home, config, unit, type="bonus", points=points, cause=cause, occurred_at=home.now)
    if home is not wallet:
        merge_accounts(home, wallet, Cause(reason="Merged"))


def _give_tier(journal: Journal, redemption: Redemption, owner: UUID) -> None:
    tier = UUID(redemption.gives["tier"])
    standing = _standing_with(journal, owner, tier)
    if standing is None:
        raise not_above()
    before = standing.state
    standing.grant(check_above(standing.ladder, tier, before.level))
    redemption.given = {
        "tier": str(before.level.tier_id) if before.level else None,
        "since": _text(before.since),
        "next_at": _text(before.next_at),
        "in_grace": before.in_grace,
        "at": _text(standing.state.since),
    }


def _take_tier(journal: Journal, redemption: Redemption, owner: UUID) -> dict[str, Any]:
    """Only while the level is as it was given: one that was decided anew since is the member's own. Of a ladder
    that is not in use nothing is taken, and the audit says so."""
    tier, given = UUID(redemption.gives["tier"]), redemption.given or {}
    standing = _standing_with(journal, owner, tier)
    if standing is None:
        return {"tier_kept": True}
    is_held = standing.level is not None and standing.level.tier_id == tier
    if is_held and _text(standing.state.since) == given["at"]:
        standing.revoke(_before(standing, given))
    else:
        _pass_on(journal, redemption, owner)
    return {}


def _before(standing: Standing, given: dict[str, Any]) -> State:
    level = standing.ladder.level(UUID(given["tier"])) if given["tier"] else standing.ladder.base
    return State(level, _instant(given["since"]), _instant(given["next_at"]), bool(given["in_grace"]))


def _pass_on(journal: Journal, redemption: Redemption, owner: UUID) -> None:
    """An upgrade that began from this one's level goes back, if it is cancelled too, to what was before both:
    else the level of this one, whose points were given back, would return with it."""
    given = redemption.given or {}
    rows = Redemption.objects.select_for_update(of=("self",)).filter(
        member__in=family_of(owner).order_by().values("pk"),
        status=Redemption.Status.FULFILLED,
        given__tier=redemption.gives["tier"],
        given__since=given["at"],
    )
    for later in rows:
        later.given = {**given, "at": (later.given or {})["at"]}
        journal.sales.redemption_changes.append(later)


def _standing_with(journal: Journal, member_id: UUID, tier: UUID) -> Standing | None:
    for (member, _), standing in journal.standings.items():
        if member == member_id and any(level.tier_id == tier for level in standing.ladder.levels):
            return standing
    return None


def _move_item(journal: Journal, redemption: Redemption, owner: UUID, item: UUID, by: int) -> None:
    """The owner has the item once more, or once less if they still have it."""
    row = journal.sales.item(journal.environment.id, owner, item)
    if row.quantity + by < 0:
        return
    row.quantity += by
    journal.sales.items[owner, item] = row
    journal.note_item(redemption.member_id, item, by, redemption_id=redemption.id)
    if owner != redemption.member_id:  # what a merged member gets goes on to the survivor
        journal.note_item(redemption.member_id, item, -by)
        journal.note_item(owner, item, by)


def _text(at: datetime | None) -> Any:
    return at.isoformat() if at else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
