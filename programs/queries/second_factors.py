"""Who has a second factor, and who may take it from whom."""

import base64
from datetime import timedelta
from urllib.parse import quote, urlencode

from django.contrib.auth.models import User
from django.utils import timezone

from programs.models import ProjectMembership, RecoveryCode, SecondFactor
from programs.models.second_factors import DIGITS, STEP
from programs.queries.staff import open_projects

SET_UP_WITHIN = timedelta(minutes=15)


def factor_of(user: User) -> SecondFactor | None:
    """The user's second factor that is in use."""
    found: SecondFactor | None = SecondFactor.objects.filter(user=user, confirmed=True).first()
    return found


def pending_factor(user: User) -> SecondFactor | None:
    """One that waits for its first code, for a quarter of an hour."""
    since = timezone.now() - SET_UP_WITHIN
    waiting = SecondFactor.objects.filter(user=user, confirmed=False, created_at__gt=since)
    found: SecondFactor | None = waiting.first()
    return found


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def may_reset(*, by: User, user: User) -> bool:
    """Whether `by` owns every project that the user is in, and sees them; a superuser may reset all others. Nobody
    resets their own: that asks for the password, on one's own page."""
    if by.pk == user.pk:
        return False
    if by.is_superuser:
        return True
    if user.is_superuser:
        return False
    owned = open_projects(by).filter(
        memberships__user=by,
        memberships__role=ProjectMembership.Role.OWNER,
        memberships__user__is_active=True,
    )
    theirs = ProjectMembership.objects.filter(user=user)
    return theirs.exists() and not theirs.exclude(project__in=owned).exists()


def words_of_secret(factor: SecondFactor) -> str:
    """What is typed where no picture can be taken: base32 in groups of four. Raises Unreadable."""
    text = base64.b32encode(factor.bytes_of_secret()).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_of_secret(factor: SecondFactor, *, issuer: str, account: str) -> str:
    """`otpauth://…`, which the QR code holds. Raises Unreadable."""
    asked = {
        "secret": base64.b32encode(factor.bytes_of_secret()).decode(),
        "issuer": issuer,
        "algorithm": "SHA1",
        "digits": DIGITS,
        "period": STEP,
    }
    return f"otpauth://totp/{quote(issuer)}:{quote(account)}?{urlencode(asked, quote_via=quote)}"
