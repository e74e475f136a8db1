"""What was tried in the sandbox is set up in live: shown first, then copied whole or not at all (console.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.errors import FieldError, InvalidRequest, NotFound
from audit.record import Actor, record
from loyalty.actions.copying import Copier
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import RewardStock
from programs.actions.configure import lock_environment, place_of
from programs.models import Environment, Organization, Project, Reward
from programs.queries.differences import Change, Difference, allowed_difference

_EMPTY = 0  # the stock of a limited reward that is new in live: how many there are is said there


@dataclass(frozen=True, slots=True)
class Copyable:
    """A difference as it is shown before it is copied. `refusals`: why it can't be. `stocks`, `pools`: the titles of
    new rewards whose stock is to be set, and whose codes are to be uploaded."""

    difference: Difference
    refusals: Sequence[FieldError]
    stocks: Sequence[str]
    pools: Sequence[str]


def both(project: Project) -> tuple[Environment, Environment]:
    """The project's sandbox and its live environment, as they stand now. Raises NotFound where one is missing."""
    found = project.environments.filter(archived_at=None).select_related("project__organization__plan")
    by_kind = {environment.kind: environment for environment in found}
    sandbox, live = by_kind.get(Environment.Kind.SANDBOX), by_kind.get(Environment.Kind.LIVE)
    if sandbox is None or live is None:
        raise NotFound("The project has no sandbox or no live environment.")
    return sandbox, live


@transaction.atomic
def look_at_copy(*, project: Project, actor: Actor, now: datetime) -> Copyable:
    """What a copy to live would do now, tried and undone. `now`: real time. Locks: both environments, for as long as
    it takes. Raises NotFound."""
    sandbox, live = _locked(project)
    found = allowed_difference(sandbox, live)
    refusals: Sequence[FieldError] = ()
    try:
        with transaction.atomic():
            _copy(sandbox, live, found, actor, now)
            transaction.set_rollback(True)
    except InvalidRequest as refusal:
        refusals = refusal.errors
    return Copyable(found, refusals, _limited(sandbox, found.created), _pooled(found.created))


@transaction.atomic
def copy_to_live(
    *,
    project: Project,
    actor: Actor,
    now: datetime,
    expected: str,
    idempotency: Idempotency | None = None,
) -> Difference:
    """Set live up as the sandbox is, all of it or nothing; what only live has stays. `expected`: the digest of the
    difference that was shown. Published rules are published in live from `now` (real time) on, drafts stay drafts.
    Members, their data, codes and stock never come along: a limited reward that is new in live is out of stock there.
    A key is known to both environments then: the console repeats it in either.

    Raises InvalidRequest where the difference is another by now, and naming each refusal; NotFound. Locks: the
    organization, the sandbox, then live, then as each save.
    """
    sandbox, live = _locked(project)
    found = allowed_difference(sandbox, live)
    if found.digest != expected:
        detail = "The configuration has changed since the difference was shown; look at it again."
        raise InvalidRequest.field("expected", "stale", detail)
    if found.is_empty:
        return found
    _copy(sandbox, live, found, actor, now)
    record(
        place=place_of(live),
        actor=actor,
        verb="environment.configuration_copied",
        object_type="environment",
        object_id=str(live.pk),
        before={"from": str(sandbox.pk), "difference": found.digest},
        after={
            "created": [f"{each.noun}/{each.key}" for each in found.created],
            "changed": [f"{each.noun}/{each.key}" for each in found.changed],
        },
    )
    if idempotency:
        for each in (sandbox, live):
            idempotency.record(each.pk, found, now, None).save(force_insert=True)
    return found


def _locked(project: Project) -> tuple[Environment, Environment]:
    """Always in this order, so that two copies take turns: the organization first, as all do who hold to its plan's
    limits."""
    Organization.objects.select_for_update(no_key=True).get(pk=project.organization_id)
    sandbox, live = both(project)
    lock_environment(sandbox)
    lock_environment(live)
    return sandbox, live


def _copy(sandbox: Environment, live: Environment, found: Difference, actor: Actor, now: datetime) -> None:
    copier = Copier(source=sandbox, target=live, actor=actor, now=now, stocks=lambda _limit: _EMPTY)
    copier.write([*found.created, *found.changed])


def _limited(sandbox: Environment, created: Sequence[Change]) -> list[str]:
    limited = RewardStock.objects.filter(environment_id=sandbox.pk, stock__isnull=False)
    keys = set(limited.values_list("reward__public_id", flat=True))
    return [each.title for each in created if each.noun == "rewards" and each.key in keys]


def _pooled(created: Sequence[Change]) -> list[str]:
    of_pool = (each for each in created if each.noun == "rewards")
    return [each.title for each in of_pool if each.document["code_source"] == Reward.CodeSource.POOL]
