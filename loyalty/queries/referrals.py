"""Codes of members, and who came through whom (domain.md 4.3)."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from audit.errors import NotFound
from loyalty.models import Member, Referral, ReferralCode
from loyalty.queries.families import answers_for, family_of
from programs.models import Environment

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without what is read as something else: I L O U 0 1
LENGTH = 8


@dataclass(frozen=True, slots=True)
class Referrals:
    """A member's own code (None: never asked for), how they came, and how many came through them; of two who
    were merged, not one through the other.

    `referrer`: the external id by which the referrer is known today; None of an erased one.
    """

    code: ReferralCode | None
    referral: Referral | None
    referrer: str | None
    pending: int
    awarded: int


def referrals_of(*, member_id: UUID) -> Referrals:
    """All about a member's referrals, also of those merged into them; four statements, two more for
    who referred them, and one for each merge of that one."""
    keys = keys_of(member_id)
    own = _how_they_came(keys).exclude(referrer_id__in=keys).first()
    by = answers_for(own.referrer_id) if own else None
    made = Referral.objects.filter(referrer_id__in=keys).exclude(member_id__in=keys)
    counts = made.aggregate(
        pending=Count("pk", filter=Q(status=Referral.Status.PENDING)),
        awarded=Count("pk", filter=Q(status=Referral.Status.AWARDED)),
    )
    referrer = Member.objects.get(pk=by).external_id if by else None
    return Referrals(code_of(keys), own, referrer, **counts)


def find_code(*, environment: Environment, code: str) -> ReferralCode:
    """The code, whatever its case; one statement. Raises NotFound; also for another environment's."""
    wanted = code.upper()
    known = len(wanted) == LENGTH and set(wanted) <= set(ALPHABET)
    found = ReferralCode.objects.filter(environment_id=environment.id, code=wanted).first() if known else None
    if found is None:
        raise NotFound(f"There is no referral code {code!r} in this environment.")
    return found


def keys_of(member_id: UUID) -> list[UUID]:
    """The keys of the member and of those merged into them, the member's first; one statement."""
    return list(family_of(member_id).values_list("pk", flat=True))


def code_of(keys: list[UUID]) -> ReferralCode | None:
    """The code that a family shows: the first key's own, else the oldest of the others. One statement."""
    found = list(ReferralCode.objects.filter(member_id__in=keys))
    return min(found, key=lambda code: (code.member_id != keys[0], code.id), default=None)


def referral_of(keys: list[UUID]) -> Referral | None:
    """How a family came: an awarded referral before a pending one. One statement."""
    return _how_they_came(keys).first()


def _how_they_came(keys: list[UUID]) -> QuerySet[Referral]:
    return Referral.objects.filter(member_id__in=keys).order_by("status", "pk")
