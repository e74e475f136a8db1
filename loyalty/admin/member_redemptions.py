"""What a member has redeemed, for the member's page."""

from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString

from loyalty.admin.redemption_words import code_shown, code_tag, status_tag, worth_of
from loyalty.models import Member, Redemption, RewardCode
from loyalty.queries.redemptions import code_status, redemptions_of
from programs.models import Environment

_SHOWN = 8
_OBSTACLES = {
    "used": "It can't be cancelled: its code was used.",
    "expired": "It can't be cancelled: its code has expired.",
}


class RedemptionRow:
    """One redemption with its code as it stands now; `whole`: whether the reader may see the code."""

    def __init__(self, redemption: Redemption, now: datetime, *, whole: bool) -> None:
        self.redemption = redemption
        self.code: RewardCode | None = redemption.issued_code
        self.code_status = code_status(self.code, now) if self.code else ""
        self.code_text = code_shown(self.code, whole=whole) if self.code else ""
        self.worth = worth_of(redemption)

    @property
    def state(self) -> SafeString:
        return status_tag(self.redemption.status)

    @property
    def code_state(self) -> SafeString:
        return code_tag(self.code_status)

    @property
    def is_pending(self) -> bool:
        return self.redemption.status == Redemption.Status.PENDING

    @property
    def may_cancel(self) -> bool:
        """Whether cancelling is offered: what waits, and what was fulfilled with a code nobody used."""
        if self.is_pending:
            return True
        return self._is_fulfilled and self.code_status in ("", "issued")

    @property
    def may_use(self) -> bool:
        return (self.is_pending or self._is_fulfilled) and self.code_status == "issued"

    @property
    def why_not(self) -> str:
        """Why cancelling is not offered of what could be, but for its code; else empty."""
        return "" if self.may_cancel or not self._is_fulfilled else _OBSTACLES.get(self.code_status, "")

    @property
    def _is_fulfilled(self) -> bool:
        return self.redemption.status == Redemption.Status.FULFILLED


def redemptions_shown(
    environment: Environment, member: Member, now: datetime, *, whole: bool
) -> dict[str, Any]:
    """The newest of them, those of merged members too. One statement."""
    rows = list(redemptions_of(environment=environment, member_id=member.pk).order_by("-id")[: _SHOWN + 1])
    return {
        "rows": [RedemptionRow(row, now, whole=whole) for row in rows[:_SHOWN]],
        "more": len(rows) > _SHOWN,
    }
