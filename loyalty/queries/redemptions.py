"""Redemptions and their codes (domain.md 5)."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.errors import NotFound
from audit.ids import public
from audit.instants import rfc3339, to_the_second
from loyalty.errors import CodeAlreadyUsed, CodeExpired, RedemptionClosed
from loyalty.models import LedgerEntry, Redemption, RewardCode
from loyalty.queries.families import family_of
from loyalty.rules.codes import lookups
from programs.models import Environment

_WITH = ("member", "reward", "metric", "code")


def redemptions_of(
    *,
    environment: Environment,
    member_id: UUID | None = None,
    status: str | None = None,
    reward: str | None = None,
    code: str | None = None,
) -> QuerySet[Redemption]:
    """Redemptions with their member, reward, metric and code; keyset by `id`. `member_id`: theirs, and those of
    members merged into them; `reward`: a `rwd_` id; `code`: as it is shown or typed."""
    rows = Redemption.objects.filter(environment_id=environment.id).select_related(*_WITH)
    if member_id is not None:
        rows = rows.filter(member__in=family_of(member_id).order_by().values("pk"))
    if status is not None:
        rows = rows.filter(status=status)
    if reward is not None:
        rows = rows.filter(reward__public_id=reward)
    if code is not None:
        rows = rows.filter(code__environment_id=environment.id, code__code__in=lookups(code))
    return rows


def find_redemption(*, environment: Environment, redemption: UUID) -> Redemption:
    """One redemption; one statement. Raises NotFound; also for another environment's."""
    found = redemptions_of(environment=environment).filter(pk=redemption).first()
    if found is None:
        raise NotFound(f"There is no redemption {public('red', redemption)} in this environment.")
    return found


def waiting_count(*, environment: Environment, most: int = 100) -> int:
    """How many wait for their fulfilment; counted up to `most`, so that a long queue costs no more."""
    rows = Redemption.objects.filter(environment_id=environment.id, status=Redemption.Status.PENDING)
    return rows.order_by()[:most].count()


def find_code(*, environment: Environment, code: str) -> Redemption:
    """The redemption that the code was issued to; one statement. Raises NotFound; also for a code of another
    environment, and for one that nobody has yet."""
    found = redemptions_of(environment=environment, code=code)
    exact = {row.code.code: row for row in found}
    for text in lookups(code):
        if text in exact:
            return exact[text]
    raise NotFound(f"There is no code {code!r} here; check how it is spelt.")


def code_status(code: RewardCode, now: datetime) -> str:
    """`issued`, `used`, `expired` or `void` at `now`; `available` of one that waits in its pool."""
    if code.status == RewardCode.Status.ISSUED and code.expires_at and code.expires_at <= now:
        return "expired"
    return str(code.status)


def check_usable(redemption: Redemption, now: datetime) -> RewardCode:
    """Its code, where it can be used at a till now. Raises CodeAlreadyUsed, CodeExpired, RedemptionClosed."""
    code = redemption.issued_code
    if redemption.status not in Redemption.COUNTING or code is None:
        raise closed(redemption)
    state = code_status(code, now)
    if state == "used":
        raise already_used(code)
    if state == "expired":
        raise expired(code)
    if state == "void":
        raise closed(redemption)
    return code


def closed(redemption: Redemption) -> RedemptionClosed:
    """What a redemption that takes no further step is refused with."""
    return RedemptionClosed(
        f"Redemption {public('red', redemption.id)} is {redemption.status}.",
        redemption_status=str(redemption.status),
    )


def already_used(code: RewardCode) -> CodeAlreadyUsed:
    """Says when and where."""
    used_at = rfc3339(code.used_at) if code.used_at else None
    said = to_the_second(code.used_at) if code.used_at else None
    where = f" at {code.used_place}" if code.used_place else ""
    return CodeAlreadyUsed(
        f"Code {code} was used on {said}{where}.", used_at=used_at, used_place=code.used_place
    )


def expired(code: RewardCode) -> CodeExpired:
    """Says since when."""
    at = rfc3339(code.expires_at) if code.expires_at else None
    said = to_the_second(code.expires_at) if code.expires_at else None
    return CodeExpired(f"Code {code} expired on {said}.", expired_at=at)


def payments_of(redemptions: Collection[UUID]) -> dict[UUID, UUID]:
    """By redemption: the ledger entry that paid for it. One statement."""
    rows = LedgerEntry.objects.filter(
        redemption_id__in=redemptions, type=LedgerEntry.Type.REDEEMED, reverses__isnull=True
    )
    return {key: entry for key, entry in rows.order_by().values_list("redemption_id", "pk") if key}
