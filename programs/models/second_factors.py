"""What proves who logs in besides the password, and which of a user's log-ins still count."""

import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django_otp.models import Device, ThrottlingMixin, TimestampMixin
from django_otp.oath import TOTP

from audit import secrets_at_rest

STEP = 30  # seconds that a code is shown for
DIGITS = 6
LONGEST_WAIT = 10  # wrong codes in a row, each of which doubles the wait: no further ones do
TOLERANCE = 1  # steps that the clock of an app may be ahead or behind


class SecondFactor(TimestampMixin, ThrottlingMixin, Device):
    """An app that shows codes (RFC 6238). django-otp's own device keeps its secret readable; ours is encrypted.

    A user has one confirmed at most, and one that waits for its first code.
    """

    secret = models.TextField(editable=False, help_text="20 random bytes as hex, under ENCRYPTION_KEYS.")
    last_step = models.BigIntegerField(
        default=-1, editable=False, help_text="Of the last code that was taken; none up to it is taken again."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="second_factor_unique"),
            models.CheckConstraint(condition=~Q(secret=""), name="second_factor_secret"),
        ]

    def __str__(self) -> str:
        return f"Second factor of {self.user}"

    def bytes_of_secret(self) -> bytes:
        """Raises secrets_at_rest.Unreadable."""
        return bytes.fromhex(secrets_at_rest.decrypt(self.secret))

    def get_throttle_factor(self) -> int:
        """After wrong codes one waits 1, 2, 4, 8 … seconds."""
        return 1

    def throttle_increment(self, commit: bool = True) -> None:
        """Up to 512 seconds: whoever guesses on must not keep the owner out for days."""
        super().throttle_increment(commit=False)
        count: int = self.throttling_failure_count  # type: ignore[has-type]
        self.throttling_failure_count = min(count, LONGEST_WAIT)
        if commit:
            self.save_attempt()

    def takes(self, code: str) -> bool:
        """Whether it is a code of now that was not taken before; if so it is used up, in memory."""
        if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
            return False
        counted = TOTP(self.bytes_of_secret(), STEP, 0, DIGITS)
        counted.time = time.time()
        if not counted.verify(int(code), TOLERANCE, self.last_step + 1):
            return False
        self.last_step = counted.t()  # with the drift that fitted
        return True

    def verify_token(self, token: str) -> bool:
        """django-otp's way in. The row must be locked by the caller; an attempt is stored either way."""
        if not self.verify_is_allowed()[0]:
            return False
        is_right = self.takes(token)
        if is_right:
            self.throttle_reset(commit=False)
            self.set_last_used_timestamp(commit=False)
        else:
            self.throttle_increment(commit=False)
        self.save_attempt()
        return is_right

    def save_attempt(self) -> None:
        """What an attempt changes; never the secret, which may be put under another key meanwhile."""
        self.save(
            update_fields=[
                "last_step",
                "last_used_at",
                "throttling_failure_count",
                "throttling_failure_timestamp",
            ]
        )


class RecoveryCode(models.Model):
    """In place of a code of the app, once. A fast hash is right: a code carries 80 random bits."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "code_hash"], name="recovery_code_unique"),
            models.CheckConstraint(
                condition=Q(code_hash__regex=r"^[0-9a-f]{64}$"), name="recovery_code_hash_valid"
            ),
        ]

    def __str__(self) -> str:
        return f"Recovery code of {self.user}"


class LogIns(models.Model):
    """Which log-ins of a user count, those that carry the number of the round, and what each begins with. No row: 0,
    and nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="log_ins"
    )
    round = models.PositiveIntegerField(default=0, help_text="Rises when the user logs out everywhere.")
    must_choose_password = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An owner has made the password, and knows it: the user chooses another before anything else.",
    )

    def __str__(self) -> str:
        return f"Log-ins of {self.user}"
