"""Files of lists and the erasure of a member: what is written after it does not name them, what was written before is
deleted (docs/exports.md, docs/imports.md)."""

from uuid import UUID

from django.db import connection

from loyalty.models import Export, ExportPiece

_KEY = "SELECT {}(hashtextextended('export ' || %s::text, 0))"


def share_members(environment_id: UUID) -> None:
    """Let no erasure of the environment end before the caller's transaction. Must come before it reads a member.
    Locks: a lock of its own, shared."""
    with connection.cursor() as cursor:
        cursor.execute(_KEY.format("pg_advisory_xact_lock_shared"), [str(environment_id)])


def lock_files(environment_id: UUID) -> None:
    """Let nothing be written into an exported file, nor read out of an imported one, until the caller's transaction
    ends. Waits for the piece that is; who comes later sees what the caller has made of the members. Must come before
    any lock of a member. Locks: the same lock, alone."""
    with connection.cursor() as cursor:
        cursor.execute(_KEY.format("pg_advisory_xact_lock"), [str(environment_id)])


def delete_files(environment_id: UUID) -> None:
    """Delete every export of the environment, also one that is being written. The caller holds `lock_files`."""
    ExportPiece.objects.filter(export__environment_id=environment_id).delete()
    Export.objects.filter(environment_id=environment_id).delete()
