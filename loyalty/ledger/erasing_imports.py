"""What imported files say of an erased member goes with them (domain.md 1, 10)."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from loyalty.models import Import, ImportPiece, ImportProblem


def lock_imports(environment_id: UUID) -> None:
    """Let no piece of a file be worked off meanwhile: whoever is erased in here is not brought back by it. One
    statement. Locks: the environment's unfinished imports, before any member."""
    unfinished = Import.objects.filter(environment=environment_id, status__in=Import.UNFINISHED)
    list(unfinished.select_for_update().order_by("pk").values_list("pk"))


def forget_lines(environment_id: UUID, names: Collection[str]) -> None:
    """Empty the lines, in pieces and problems of files, in which one of these ids stands as a cell. Two statements,
    and one for each piece that has any."""
    wanted = set(names)
    if not wanted:
        return
    named = Q()
    for name in wanted:
        named |= Q(content__contains=[name])
    ImportProblem.objects.filter(named, file__environment=environment_id).delete()
    held = Q()
    for name in wanted:
        held |= Q(content__contains=[[[name]]])
    for piece in ImportPiece.objects.filter(held, file__environment=environment_id):
        piece.content = [
            [number, [], "A member who was erased."] if wanted.intersection(cells) else [number, cells, fault]
            for number, cells, fault in piece.content
        ]
        piece.save(update_fields=["content"])
