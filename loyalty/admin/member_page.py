"""What the page of one member shows: who they are, how they stand, and what happened (console.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from loyalty.admin.as_of import standing_of
from loyalty.admin.member_challenges import challenges_shown, items_shown
from loyalty.admin.member_redemptions import redemptions_shown
from loyalty.admin.member_stamps import stamps_shown
from loyalty.admin.member_timeline import timeline_shown
from loyalty.admin.standing import referrals_shown, standing_of_tiers
from loyalty.admin.windowed import history_from
from loyalty.models import Member
from loyalty.queries.approvals import pending_requests
from loyalty.queries.balances import Balance
from loyalty.queries.first_lots import OpenLots
from loyalty.queries.holds import captured_holds_of, holds_of
from loyalty.queries.relations import survivor_of
from programs.admin.base import may, required_environment
from programs.admin.tables import rows_of
from programs.models import Environment
from programs.queries.environments import now_in
from programs.queries.plans import has_feature

_DATES_SHOWN = 4
_HOLDS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Wallet:
    """A member's holdings in one metric, and the next dates on which some of them expire."""

    balance: Balance
    lots: OpenLots
    expiring: list[tuple[datetime, int]]

    @property
    def vesting(self) -> Sequence[tuple[datetime, int]]:
        return self.lots.vesting

    @property
    def more_lots(self) -> int:
        return self.lots.count - len(self.lots.shown)

    @property
    def more_vest(self) -> bool:
        return sum(points for _, points in self.vesting) < self.balance.pending

    @property
    def more_expire(self) -> bool:
        return len(self.balance.expiring) > len(self.expiring)


def member_page(request: HttpRequest, found: Member) -> dict[str, Any]:
    """What the template needs besides `object`; a bounded number of statements, whatever the member has."""
    environment = required_environment(request)
    now = now_in(environment)
    standing, form = standing_of(request, environment, found)
    is_now, sees_all = standing.at is None, may(request, "support")
    who = _who(request, found, is_now=is_now)
    is_living = who["is_living"]
    is_present = is_living and is_now
    holds_stamps = has_feature(environment, "stamps")
    balances = [balance for balance, _ in standing.wallets]
    requests = pending_requests(environment).filter(member=found)
    return who | {
        "requests": list(requests) if is_present and sees_all else [],
        "standing": standing,
        "form": form,
        # Nothing is left under a merged or erased id; its earlier moments are another matter.
        "wallets": [wallet_of(*one) for one in standing.wallets] if is_living or standing.at else [],
        "tiers": standing_of_tiers(environment, found, now) if is_present else [],
        "timeline": timeline_shown(request, found, standing, may_reverse=who["may_reverse"]),
        "history_from": history_from(request),
        "redemptions": redemptions_shown(environment, found, now, whole=sees_all) if is_now else None,
        **_holds_shown(environment, found, now),
        "holds_stamps": holds_stamps,
        "stamp_cards": stamps_shown(environment, found) if holds_stamps and is_now else [],
        "challenges": challenges_shown(environment, found, balances, now) if is_present else None,
        "owned": items_shown(found, whole=sees_all) if is_present else [],
        "referrals": referrals_shown(found) if is_present else None,
        "attributes": rows_of(found.attributes),
        "now": now,
    }


def _who(request: HttpRequest, found: Member, *, is_now: bool) -> dict[str, Any]:
    """Whether they are there, who goes on for them and for whom they do, and what may be done with them."""
    is_erased, survivor = found.status == Member.Status.ERASED, survivor_of(found)
    is_living, sees_all = not is_erased and survivor is None, may(request, "support")
    merged_here = found.redirected_from.exclude(status=Member.Status.ERASED)
    return {
        "survivor": survivor,
        "erased": is_erased,
        "is_living": is_living,
        "merged_here": [] if is_erased else list(merged_here),
        "may_help": sees_all and is_living and is_now,
        "may_reverse": sees_all and not is_erased and is_now,
        "may_erase": may(request, "operator") and is_living,
    }


def _holds_shown(environment: Environment, found: Member, now: datetime) -> dict[str, Any]:
    """The open ones, so many of them; those that were captured."""
    open_ = holds_of(environment=environment, now=now, member_id=found.pk, status="open")
    holds = list(open_[: _HOLDS_SHOWN + 1])
    return {
        "holds": holds[:_HOLDS_SHOWN],
        "more_holds": len(holds) > _HOLDS_SHOWN,
        "captured": captured_holds_of(member_id=found.pk),
    }


def wallet_of(balance: Balance, lots: OpenLots) -> Wallet:
    """A balance with its next dates."""
    return Wallet(balance, lots, list(balance.expiring[:_DATES_SHOWN]))
