"""A sandbox begins anew: the old one is archived with all its data, and an empty one takes its place (domain.md 12)."""

from datetime import datetime
from typing import Final

from django.utils import timezone

from audit.errors import InvalidRequest
from audit.record import Actor, record
from audit.webhooks.endpoints import move_endpoints
from loyalty.actions.copying import Copier
from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.seating import forget_seats
from loyalty.models import BackTest, CodeUpload, Export, Import
from programs.actions.configure import as_json, place_of
from programs.actions.shares import move_shares
from programs.errors import EnvironmentArchived
from programs.models import (
    ApiKey,
    EarningRuleRevision,
    Environment,
    MemberApp,
    Organization,
    Plan,
    TokenKey,
)
from programs.models.plans import FEATURES
from programs.queries.differences import difference
from programs.queries.environments import environment_by_id

_UNFINISHED: Final = ("reading", "preview", "queued", "running")


@once
def reset_sandbox(
    *, environment: Environment, actor: Actor, now: datetime, idempotency: Idempotency | None = None
) -> Environment:
    """Archive the sandbox, and answer a new, empty one that is configured alike under the same public ids, codes left
    behind: its clock runs in real time and is free. Keys, token keys, the members' host, webhook endpoints and shares
    go along and work on at once. `now`: real time.

    A call that is being worked on meanwhile counts as made before: it is answered, and archived with the rest. Raises
    InvalidRequest in a live environment and where the configuration is refused, EnvironmentArchived where somebody else
    was faster, Replay and IdempotencyKeyReused. Locks: the organization, then the environment, then
    its seats.
    """
    if environment.kind != Environment.Kind.SANDBOX:
        raise InvalidRequest("Only a sandbox can be reset; use a key of the sandbox.")
    old = _locked(environment, idempotency)
    if idempotency:
        idempotency.check_stored(old.pk)
    old.archived_at = now
    old.save(update_fields=["archived_at"])
    new = Environment.objects.create(project=old.project, kind=old.kind)
    _record(new, actor, "created", None, as_json(new))
    _configure(old, new, actor)
    forget_seats(old.project.organization_id, old.kind)  # its members take none any more
    _end_tasks(old, now)
    moved = _moved(old, new, actor, now)
    _record(old, actor, "archived", None, {"environment": str(new.pk)})
    _record(new, actor, "reset", {"environment": str(old.pk)}, {"environment": str(new.pk), **moved})
    new.refresh_from_db(fields=["config_version"])
    if idempotency:
        idempotency.record(new.pk, new, timezone.now(), None).save(force_insert=True)
    return new


def _locked(environment: Environment, idempotency: Idempotency | None) -> Environment:
    """Whoever waited here for another reset finds the answer of its own key in the new one. The organization first, as
    all do who hold to its plan's limits."""
    organizations = Organization.objects.select_for_update(no_key=True)
    organizations.get(projects__environments=environment.pk)
    rows = Environment.objects.select_for_update(no_key=True, of=("self",))
    found = rows.select_related("project__organization__plan").get(pk=environment.pk)
    if found.archived_at is None:
        return found
    current = Environment.objects.filter(project=found.project, kind=found.kind, archived_at=None).first()
    if current and idempotency:
        idempotency.check_stored(current.pk)
    raise EnvironmentArchived


def _configure(old: Environment, new: Environment, actor: Actor) -> None:
    """Whatever the plan has become since: nothing is lost by a downgrade, and nothing more is made."""
    target = environment_by_id(new.pk)
    target.project.organization.plan = Plan(features=list(FEATURES))
    copier = Copier(
        source=old,
        target=target,
        actor=actor,
        now=timezone.now(),
        stocks=lambda limit: limit,
        in_force_since=_in_force_since(old),
        replaces=True,
    )
    whole = difference(old, new, retired=True).created
    copier.write([change for change in whole if change.noun != "member_app"])


def _in_force_since(environment: Environment) -> dict[str, datetime]:
    """Rules were perhaps published at a test clock in the past, for history that is told again; never in the future."""
    newest = EarningRuleRevision.objects.filter(environment=environment).order_by("rule_id", "-number")
    rows = newest.distinct("rule_id").values_list("rule__public_id", "effective_from")
    return {rule: min(since, timezone.now()) for rule, since in rows}


def _moved(old: Environment, new: Environment, actor: Actor, now: datetime) -> dict[str, int]:
    """What outside systems know the environment by, and how many of each. Endpoints last: everybody's relay waits
    until they are there."""
    moved = {
        "api_keys": ApiKey.objects.filter(environment=old).update(environment=new),
        "token_keys": TokenKey.objects.filter(environment=old).update(environment=new),
        "member_apps": MemberApp.objects.filter(environment=old).update(environment=new),
        "shares": move_shares(old=old, new=new, actor=actor, now=now),
    }
    endpoints = move_endpoints(from_environment=old.pk, to=place_of(new), actor=actor, now=timezone.now())
    return moved | {"webhook_endpoints": endpoints}


def _end_tasks(old: Environment, now: datetime) -> None:
    """No worker goes on with a file or a back-test of the old one. Waits for the piece that it is at."""
    for model in (CodeUpload, BackTest, Import, Export):
        tasks = model._default_manager.filter(environment=old, status__in=_UNFINISHED)
        ended: dict[str, object] = {"expires_at": now} if model is Export else {}
        tasks.update(status="failed", error="The sandbox was reset.", finished_at=now, **ended)


def _record(
    environment: Environment,
    actor: Actor,
    verb: str,
    before: dict[str, object] | None,
    after: dict[str, object],
) -> None:
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"environment.{verb}",
        object_type="environment",
        object_id=str(environment.pk),
        before=before,
        after=after,
    )
