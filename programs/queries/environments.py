"""Environments, and what time it is in them (domain.md 12)."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from programs.models import Environment


def environment_by_id(environment_id: UUID) -> Environment:
    """The environment as it stands now, with its project; one statement."""
    return Environment.objects.select_related("project").get(pk=environment_id)


def now_in(environment: Environment) -> datetime:
    """The environment's now: its test clock where one is set, else real time."""
    return environment.clock or timezone.now()
