"""How often somebody may fail at the log-in: so often with one name, and more often with all names, from one address
(docs/console.md)."""

from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_failure_limit
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import QuerySet, Sum
from django.http import HttpRequest


class Attempts(AxesDatabaseHandler):
    """django-axes has one limit; who tries one password on many names stays below it."""

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Of the name; as many as its limit where the address has reached its own."""
        found: int = super().get_failures(request, credentials)
        return max(found, get_failure_limit(request, credentials)) if is_address_locked(request) else found


def failures_of_address(request: HttpRequest) -> "QuerySet[AccessAttempt]":
    """Those that still count; none where the address is not known, behind a proxy that hides it."""
    rows: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(
        ip_address=getattr(request, "axes_ip_address", None),
        attempt_time__gte=get_cool_off_threshold(request),
    )
    return rows.exclude(ip_address=None)


def is_address_locked(request: HttpRequest) -> bool:
    """Whether too many failed from this address, with whatever names. One statement."""
    failed = failures_of_address(request).aggregate(all=Sum("failures_since_start"))["all"] or 0
    return bool(failed >= settings.LOG_IN_ATTEMPTS_OF_ADDRESS)
