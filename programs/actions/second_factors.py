"""Second factors of staff: set up, proven, made anew, taken away (docs/console.md).

Every function here locks the user first, so that two at the same moment come one after the other.
"""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit import secrets_at_rest
from audit.errors import InvalidRequest
from audit.record import Actor
from programs.actions.staff_trail import record_of_staff
from programs.models import LogIns, RecoveryCode, SecondFactor
from programs.queries.second_factors import factor_of, may_reset, pending_factor

RECOVERY_CODES = 10
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # 32, without those that are read as another: i, l, o, u
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", " ": None, "-": None})
_LENGTH = 16  # letters: 80 bits
_WRONG = "This code is not right, or was used before. Wait for the next one that your app shows."


@transaction.atomic
def begin_second_factor(*, user: User) -> SecondFactor:
    """A new secret that waits for its first code, in place of one that waits. What is in use stays. Locks: the user."""
    _lock(user)
    SecondFactor.objects.filter(user=user, confirmed=False).delete()
    secret = secrets_at_rest.encrypt(secrets.token_hex(20))
    made: SecondFactor = SecondFactor.objects.create(user=user, confirmed=False, name="app", secret=secret)
    return made


def confirm_second_factor(*, user: User, code: str, actor: Actor) -> tuple[SecondFactor, list[str], int]:
    """The secret that waits is the user's second factor from now on, in place of any other; with ten new recovery
    codes, which are not kept. All log-ins from before end; the third is the number that new ones carry.

    Raises InvalidRequest on `code`; a wrong one is counted all the same. Locks: the user.
    """
    with transaction.atomic():
        _lock(user)
        waiting = pending_factor(user)
        if waiting is None:
            raise InvalidRequest.field("code", "gone", "This set-up was ended or took too long. Begin again.")
        _refuse_haste(waiting)
        if _proves(waiting, code):
            SecondFactor.objects.filter(user=user, confirmed=True).delete()
            SecondFactor.objects.filter(pk=waiting.pk).update(confirmed=True)
            waiting.confirmed = True
            codes = _new_codes(user)
            number = _end_log_ins(user)
            _record(user, "staff.second_factor_set_up", actor)
            return waiting, codes, number
    raise InvalidRequest.field("code", "invalid", _WRONG)


def check_code(*, user: User, code: str, actor: Actor) -> SecondFactor:
    """The user's second factor, proven by a code of the app or by a recovery code; either counts once.

    Raises InvalidRequest on `code`: `invalid` of the app is counted all the same and makes its next wait (`wait`). A
    recovery code never waits: nobody guesses 80 bits, and who guesses codes of the app must not keep its owner out.
    Locks: the user.
    """
    with transaction.atomic():
        _lock(user)
        factor = factor_of(user)
        if factor is None:
            raise InvalidRequest.field("code", "gone", "There is no second factor any more. Log in again.")
        typed = code.lower().translate(_READ_AS)
        if len(typed) != _LENGTH:
            _refuse_haste(factor)
            if _proves(factor, code):
                return factor
        elif _use_recovery_code(user, typed, actor):
            factor.throttle_reset(commit=False)
            factor.save_attempt()
            return factor
    raise InvalidRequest.field("code", "invalid", _WRONG)


@transaction.atomic
def make_recovery_codes(*, user: User, actor: Actor) -> list[str]:
    """Ten new ones, which are not kept; those from before count no more. Raises InvalidRequest without a second
    factor. Locks: the user."""
    _lock(user)
    if factor_of(user) is None:
        raise InvalidRequest("Set up a second factor first: recovery codes stand in for it.")
    codes = _new_codes(user)
    _record(user, "staff.recovery_codes_made", actor)
    return codes


@transaction.atomic
def remove_second_factor(*, user: User, actor: Actor) -> int | None:
    """Log in by the password alone from now on; all log-ins from before end, also those from before the second factor.
    The number that new ones carry. Again: nothing, and None. Locks: the user."""
    _lock(user)
    if not _take_away(user):
        return None
    number = _end_log_ins(user)
    _record(user, "staff.second_factor_removed", actor)
    return number


@transaction.atomic
def reset_second_factor(*, user: User, by: User | None, actor: Actor) -> None:
    """Take a colleague's second factor away, who has lost it; all their log-ins end. `by` None: who runs the system.

    Raises InvalidRequest where there is none, and where `by` does not own every project that the user is in: the
    password alone must not open the door of somebody else's project. Locks: the user.
    """
    _lock(user)
    if by is not None and not may_reset(by=by, user=user):
        raise InvalidRequest(
            f"Only an owner of every project that {user} is in, or whoever runs the system, resets this second factor"
            f" (manage.py reset_second_factor {user})."
        )
    if not _take_away(user):
        raise InvalidRequest(f"{user} has set up no second factor.")
    _end_log_ins(user)
    _record(user, "staff.second_factor_reset", actor)


@transaction.atomic
def log_out_everywhere(*, user: User, actor: Actor) -> int:
    """No log-in from before counts any more; the number that new ones carry. Locks: the user."""
    _lock(user)
    number = _end_log_ins(user)
    _record(user, "staff.logged_out_everywhere", actor)
    return number


@transaction.atomic
def encrypt_again(*, actor: Actor) -> int:
    """Put every secret under the newest of ENCRYPTION_KEYS: how many there are. Raises Unreadable, and then changes
    none. Locks: all second factors."""
    rows = list(SecondFactor.objects.select_for_update(of=("self",)).select_related("user").order_by("pk"))
    for row in rows:
        row.secret = secrets_at_rest.encrypt_again(row.secret)
        _record(row.user, "staff.second_factor_encrypted_again", actor)
    SecondFactor.objects.bulk_update(rows, ["secret"], batch_size=500)
    return len(rows)


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _proves(factor: SecondFactor, code: str) -> bool:
    try:
        return factor.verify_token(code.translate(_READ_AS))
    except secrets_at_rest.Unreadable as error:
        detail = "The secret of this second factor can't be read. Use a recovery code, or ask an owner to reset it."
        raise InvalidRequest.field("code", "unreadable", detail) from error


def _refuse_haste(factor: SecondFactor) -> None:
    """Raises InvalidRequest where the last wrong code is too near: then nothing is checked, the right one neither."""
    allowed, why = factor.verify_is_allowed()
    if allowed:
        return
    left = (why or {}).get("locked_until", timezone.now()) - timezone.now()
    seconds = -(-left // timedelta(seconds=1))
    unit = "second" if seconds == 1 else "seconds"
    detail = f"Too soon after a wrong code: nothing was checked. Try again in {seconds} {unit}."
    raise InvalidRequest.field("code", "wait", detail)


def _new_codes(user: User) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(_LENGTH // 4))
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.filter(user=user).delete()
    now = timezone.now()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, code_hash=_hash(code.translate(_READ_AS)), created_at=now) for code in codes
    )
    return codes


def _use_recovery_code(user: User, typed: str, actor: Actor) -> bool:
    unused = RecoveryCode.objects.filter(user=user, code_hash=_hash(typed), used_at=None)
    if not unused.update(used_at=timezone.now()):
        return False
    left = RecoveryCode.objects.filter(user=user, used_at=None).count()
    _record(user, "staff.recovery_code_used", actor, {"left": left})
    return True


def _hash(typed: str) -> str:
    return hashlib.sha256(typed.encode()).hexdigest()


def _take_away(user: User) -> bool:
    """Whether there was one. A half set-up one goes too."""
    RecoveryCode.objects.filter(user=user).delete()
    SecondFactor.objects.filter(user=user, confirmed=False).delete()
    return bool(SecondFactor.objects.filter(user=user, confirmed=True).delete()[0])


def _end_log_ins(user: User) -> int:
    kept, _ = LogIns.objects.get_or_create(user=user)
    LogIns.objects.filter(pk=kept.pk).update(round=F("round") + 1)
    return kept.round + 1


def _record(user: User, verb: str, actor: Actor, after: dict[str, int] | None = None) -> None:
    record_of_staff(username=user.get_username(), verb=verb, actor=actor, after=after)
