"""A member and all who were merged into them: one person by several ids (domain.md 1)."""

from uuid import UUID

from django.db.models import F, Q, QuerySet

from loyalty.models import Member
from programs.models import Environment


def family_of(member_id: UUID) -> QuerySet[Member]:
    """The member first, then those merged into them, by key. Not the erased row that a successor replaces:
    nobody may see what came before an erasure. One statement."""
    merged = Q(redirect_to=member_id) & ~Q(status=Member.Status.ERASED)
    return Member.objects.filter(Q(pk=member_id) | merged).order_by(
        F("redirect_to").asc(nulls_first=True), "pk"
    )


def family_named(environment: Environment, external_id: str) -> list[UUID]:
    """The keys of the family of exactly that id, for a look-up by hand; none where nobody has it. Two statements."""
    member = Member.objects.filter(environment=environment, external_id=external_id).first()
    return list(family_of(member.pk).values_list("pk", flat=True)) if member else []


def answers_for(member_id: UUID) -> UUID | None:
    """Who goes on for a stored key: the member, or the survivor of its merges; None for an erased one,
    whose successor is somebody else. One statement, and one a merge."""
    found = Member.objects.filter(pk=member_id).only("pk", "redirect_to_id", "status").first()
    while found is not None and found.status != Member.Status.ERASED:
        if found.redirect_to_id is None:
            return found.pk
        found = Member.objects.only("pk", "redirect_to_id", "status").get(pk=found.redirect_to_id)
    return None
