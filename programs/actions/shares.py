"""Programs are shared with another project of the organization, and no longer (domain.md 1.5)."""

from contextlib import suppress
from datetime import datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import clean, lock_environment, locked, place_of
from programs.models import Environment, Program, ProgramShare
from programs.queries.plans import require_feature

FEATURE = "cross_project"


@transaction.atomic
def share_program(
    *, environment: Environment, program: Program, guest: Environment, reason: str, actor: Actor
) -> ProgramShare:
    """Let calls of `guest` name the program by its `prg_` id. What is shared already stays as it is.

    Raises InvalidRequest for a guest of another kind or organization, for one that has a program of that id, and
    without a reason; FeatureNotInPlan. Locks: both environments, by id.
    """
    require_feature(environment, FEATURE)
    if not reason.strip():
        raise InvalidRequest.field("reason", "blank", "Say why; both projects read it.")
    for each in sorted((environment, guest), key=lambda one: one.pk):
        lock_environment(each)
    _check(environment, program, guest)
    live = ProgramShare.objects.filter(program=program, guest=guest, revoked_at__isnull=True).first()
    if live:
        return live
    share = ProgramShare(environment=environment, program=program, guest=guest, reason=reason.strip())
    clean(share)
    share.save(force_insert=True)
    _record(share, "program.shared", actor)
    return share


@transaction.atomic
def revoke_share(*, environment: Environment, share: ProgramShare, actor: Actor) -> ProgramShare:
    """End the share: the next call is refused, and what was written stays. When this has returned outside of a
    transaction, calls that were under way have ended too. Revoking twice changes nothing.

    Where a reset of the guest's sandbox came between, the share that took its place is ended. Raises NotFound for a
    share of another environment's program. Locks: the environment, then the share.
    """
    was_live, share = share.revoked_at is None, locked(environment, share)
    if share.revoked_at and was_live:
        share = _successor(share) or share
    if share.revoked_at is None:
        share.revoked_at = timezone.now()  # shares go by real time
        share.save(update_fields=["revoked_at"])
        _record(share, "program.share_revoked", actor)
        transaction.on_commit(lambda: _wait_for_calls(share))
    return share


def move_shares(*, old: Environment, new: Environment, actor: Actor, now: datetime) -> int:
    """Where a sandbox is reset: shares stay as they were made, so those of the old one end, and the same begin with
    the new one, which has the same programs; how many. Audited on both sides. Must be called in a transaction that
    has locked the organization and the old one. Locks: the shares, by id: one that is revoked meanwhile stays so."""
    living = ProgramShare.objects.filter(revoked_at__isnull=True).select_related(
        "program", "environment__project", "guest__project"
    )
    held = living.select_for_update(no_key=True, of=("self",)).order_by("pk")
    ended = list(held.filter(Q(environment=old) | Q(guest=old)))
    programs = {each.public_id: each for each in Program.objects.filter(environment=new)} if ended else {}
    for share in ended:
        share.revoked_at = now
        share.save(update_fields=["revoked_at"])
        _record(share, "program.share_revoked", actor)
        is_given = share.environment_id == old.pk
        made = ProgramShare(
            environment=new if is_given else share.environment,
            program=programs[share.program.public_id] if is_given else share.program,
            guest=share.guest if is_given else new,
            reason=share.reason,
        )
        made.save(force_insert=True)
        _record(made, "program.shared", actor)
    return len(ended)


def _check(environment: Environment, program: Program, guest: Environment) -> None:
    inside = guest.project.organization_id == environment.project.organization_id
    if not inside or guest.kind != environment.kind or guest.pk == environment.pk or guest.archived_at:
        raise InvalidRequest.field(
            "project",
            "invalid",
            "Choose another project of your organization; sandbox and live share nothing.",
        )
    if program.environment_id != environment.pk:
        raise InvalidRequest.field("program", "invalid", "There is no such program in this environment.")
    same_id = Program.objects.filter(environment=guest, public_id=program.public_id).exists()
    others = ProgramShare.objects.filter(guest=guest, program__public_id=program.public_id).exclude(
        program=program
    )
    if same_id or others.filter(revoked_at__isnull=True).exists():
        raise InvalidRequest.field(
            "program", "ambiguous", f"The other project uses {program.public_id} for a program already."
        )


def _successor(share: ProgramShare) -> ProgramShare | None:
    rows = ProgramShare.objects.select_for_update(of=("self",)).filter(revoked_at__isnull=True)
    return rows.filter(program=share.program_id, guest__project=share.guest.project_id).first()


def _wait_for_calls(share: ProgramShare) -> None:
    """Calls hold their share FOR KEY SHARE: they are waited for, but for no longer than any lock."""
    with suppress(OperationalError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM programs_programshare WHERE id = %s FOR UPDATE", [share.pk])


def _record(share: ProgramShare, verb: str, actor: Actor) -> None:
    """In the trail of both sides."""
    after = {
        "share": share.public_id,
        "program": share.program.public_id,
        "environment_id": str(share.environment_id),
        "guest_environment_id": str(share.guest_id),
        "reason": share.reason,
    }
    for side in (share.environment, share.guest):
        record(
            place=place_of(side),
            actor=actor,
            verb=verb,
            object_type="program",
            object_id=str(share.program_id),
            after=after,
        )
