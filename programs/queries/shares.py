"""Which programs of others an environment may use, and whom its own are shared with (domain.md 1.5)."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from programs.models import Environment, Passage, Program, ProgramShare
from programs.queries.environments import environment_by_id

_HELD = "SELECT 1 FROM programs_programshare WHERE id = %s AND revoked_at IS NULL FOR KEY SHARE"


def owner_through_share(*, guest: Environment, program: str) -> Environment | None:
    """The environment of a program that is shared with `guest` now, named by its `prg_` id; its `via` says by
    which share. Two statements, one where there is none."""
    rows = ProgramShare.objects.filter(
        guest=guest,
        program__public_id=program,
        revoked_at__isnull=True,
        environment__archived_at__isnull=True,
    )
    found = rows.values_list("id", "environment_id").first()
    if found is None:
        return None
    owner = environment_by_id(found[1])
    owner.via = Passage(found[0], guest.pk, program)
    return owner


def is_open(passage: Passage) -> bool:
    """Whether the share is live; it then stays so until this transaction ends. Locks: the share, FOR KEY SHARE, so
    that calls don't wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [passage.share_id])
        return cursor.fetchone() is not None


def shares_of(environment: Environment) -> QuerySet[ProgramShare]:
    """What the environment shares and what is shared with it, revoked ones too; newest first."""
    rows = ProgramShare.objects.filter(Q(environment=environment) | Q(guest=environment))
    return rows.select_related("program", "environment__project", "guest__project")


def possible_guests(environment: Environment) -> QuerySet[Environment]:
    """The environments that a program of this one may be shared with."""
    others = Environment.objects.filter(
        kind=environment.kind,
        project__organization=environment.project.organization_id,
        archived_at__isnull=True,
    )
    return others.exclude(pk=environment.pk).select_related("project__organization").order_by("project__name")


def guest_named(environment: Environment, project: str) -> Environment | None:
    """The environment of the same kind in another project of the organization, by the project's name or id."""
    wanted = Q(project__name=project)
    if key := _uuid(project):
        wanted |= Q(project=key)
    return possible_guests(environment).filter(wanted).first()


def programs_elsewhere(environment: Environment, names: Iterable[str]) -> QuerySet[Program]:
    """Programs of these `prg_` ids in other environments of the same organization and kind that are not archived."""
    others = Environment.objects.filter(
        project__organization=environment.project.organization_id, kind=environment.kind, archived_at=None
    )
    rows = Program.objects.filter(public_id__in=list(names), environment__in=others)
    return rows.exclude(environment=environment).select_related("environment__project__organization")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
