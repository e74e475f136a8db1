"""Members bring members (domain.md 4.3). What a referral awards is the event's to say (`actions.events`)."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db import connection

from audit.errors import InvalidRequest, NotFound
from audit.ids import new_id
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.errors import AlreadyReferred, MemberFrozen
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import ensure_member, lock_member
from loyalty.ledger.posting import Journal
from loyalty.models import Member, Referral, ReferralCode
from loyalty.queries.families import answers_for
from loyalty.queries.referrals import ALPHABET, LENGTH, code_of, find_code, keys_of, referral_of
from programs.models import Environment

_TRIES = 10

# A merge or an erasure of that member waits for this, and this for them; no other write does either.
_PIN = "SELECT redirect_to_id, status FROM loyalty_member WHERE id = %s FOR KEY SHARE"


@once
def referral_code_of(
    *,
    environment: Environment,
    member: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> ReferralCode:
    """The member's own code, made when it is first asked for, like the member. Raises Replay.

    Three statements where it is there already, without a lock. Locks: else the member.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    key = ensure_member(environment=environment, member=member, now=now)
    found = code_of(keys_of(key))
    if found is None:
        key = lock_member(environment=environment, member=member, now=now).pk
        found = code_of(keys_of(key)) or _make_code(journal, key)
    journal.write(found, member_id=key)
    return found


@once
def refer(
    *,
    environment: Environment,
    member: str,
    code: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Referral:
    """Note that the member came through the owner of `code`: it waits for their first qualifying event.
    The member is made where it is missing. The same referrer's code again changes nothing.

    Raises NotFound (code), InvalidRequest (one's own), AlreadyReferred, MemberFrozen, Replay.
    Locks: the referrer's row against a merge or erasure, then the member.
    """
    # Whoever makes a member holds the seats, and waits for no other member from then on.
    referrer = _pin(find_code(environment=environment, code=code).member_id)
    locked = lock_member(environment=environment, member=member, now=now)
    if idempotency:
        idempotency.check_stored(environment.id)
    if referrer is None:
        raise NotFound(f"There is no referral code {code!r} in this environment.")
    if referrer == locked.pk:
        raise InvalidRequest.field("code", "own_code", "A member can't be referred by themselves.")
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    referral = _known(locked, referrer) or _make_referral(journal, locked, referrer)
    journal.write(referral, member_id=locked.pk)
    return referral


def _known(member: Member, referrer: UUID) -> Referral | None:
    """The member's referral, also one from before a merge. Raises AlreadyReferred where another made it."""
    referral = referral_of(keys_of(member.pk))
    if referral and answers_for(referral.referrer_id) != referrer:
        raise AlreadyReferred(f"Member {member} came through another code already.")
    return referral


def _make_referral(journal: Journal, member: Member, referrer: UUID) -> Referral:
    if member.status == Member.Status.FROZEN:
        raise MemberFrozen(f"Member {member} is frozen; an operator can make it active again.")
    referral = Referral.objects.create(
        environment_id=journal.environment.id, member=member, referrer_id=referrer, created_at=journal.now
    )
    journal.audit(
        verb="referral.created",
        object_type="referral",
        object_id=str(referral.pk),
        member_id=member.pk,
        # The key: a name would have to be found again when that member is erased.
        after={"referrer": str(referrer)},
    )
    return referral


def _pin(member_id: UUID) -> UUID | None:
    """Who goes on for the owner of a code, kept so until the transaction ends; None where erased."""
    key: UUID | None = member_id
    with connection.cursor() as cursor:
        while key is not None:
            cursor.execute(_PIN, [key])
            onward, status = cursor.fetchone()
            if status == Member.Status.ERASED:
                return None
            if onward is None:
                return key
            key = onward
    return None


def _make_code(journal: Journal, member_id: UUID) -> ReferralCode:
    for _ in range(_TRIES):
        code = ReferralCode(
            id=new_id(),
            environment_id=journal.environment.id,
            member_id=member_id,
            code=_random(),
            created_at=journal.now,
        )
        ReferralCode.objects.bulk_create([code], ignore_conflicts=True)
        if ReferralCode.objects.filter(pk=code.pk).exists():
            break
    else:
        raise RuntimeError(f"{_TRIES} random codes were all taken.")
    journal.audit(
        verb="referral_code.created",
        object_type="referralcode",
        object_id=str(code.pk),
        member_id=member_id,
        after={"code": code.code},
    )
    return code


def _random() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
