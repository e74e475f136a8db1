"""The sandbox's test clock (domain.md 12)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.record import Actor, record
from loyalty.models import Member
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR
from programs.actions.configure import place_of
from programs.errors import EnvironmentArchived
from programs.models import ClockChange, Environment
from programs.queries.environments import now_in


@transaction.atomic
def set_clock(*, environment: Environment, clock: datetime | None, actor: Actor) -> Environment:
    """Stop the sandbox's time at `clock`. Free while the environment holds no runtime row; then only
    forward. None: back to real time, if that is forward. Locks: the environment.

    Raises InvalidRequest in a live environment, for an earlier instant, and outside the years 1900 to 9000;
    EnvironmentArchived.
    """
    if environment.kind != Environment.Kind.SANDBOX:
        raise InvalidRequest("Only a sandbox has a test clock; use a key of the sandbox.")
    locked = (
        Environment.objects.select_for_update(of=("self",)).select_related("project").get(pk=environment.pk)
    )
    if locked.archived_at is not None:
        raise EnvironmentArchived
    if clock is not None and not FIRST_YEAR <= clock.year <= LAST_YEAR:
        raise InvalidRequest.field("now", "invalid", "Choose an instant in the years 1900 to 9000.")
    _refuse_going_back(locked, clock)
    before = locked.clock
    if before != clock:
        locked.clock = clock
        locked.save(update_fields=["clock"])
        ClockChange.objects.create(environment=locked, clock=clock, set_at=timezone.now())
        record(
            place=place_of(locked),
            actor=actor,
            verb="environment.clock_set",
            object_type="environment",
            object_id=str(locked.pk),
            before={"clock": before and before.isoformat()},
            after={"clock": clock and clock.isoformat()},
        )
    return locked


def _refuse_going_back(environment: Environment, clock: datetime | None) -> None:
    was, becomes = now_in(environment), clock or timezone.now()
    zone = ZoneInfo(environment.project.time_zone)
    if becomes < was and Member.objects.filter(environment=environment).exists():
        raise InvalidRequest.field(
            "now",
            "not_forward",
            f"The sandbox has data and its clock stands at {was.astimezone(zone):%d %b %Y, %H:%M:%S %Z}; "
            "choose a later instant.",
        )
