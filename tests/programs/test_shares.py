"""What the database itself refuses of a share (domain.md 1.5)."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from programs.models import Program, ProgramShare
from tests import factories

pytestmark = pytest.mark.django_db


def test_the_database_keeps_a_share_within_one_organization_and_one_kind_and_revoked_for_good() -> None:
    owner = factories.make_environment("live")
    organization = owner.project.organization.name
    beside = factories.make_project("Beside", organization=organization)
    program = Program.objects.get(environment=owner)

    def insert(**changes: Any) -> ProgramShare:
        with transaction.atomic():
            return ProgramShare.objects.create(
                **{"environment": owner, "program": program, "reason": "Because", **changes}
            )

    guest = factories.make_environment("live", project=beside)
    refused: dict[str, list[dict[str, Any]]] = {
        "within one organization and one kind": [
            {"guest": factories.make_environment("live")},
            {"guest": factories.make_environment("sandbox", project=beside)},
        ],
        "program_share_with_another": [{"guest": owner}],
        "program_share_has_reason": [{"guest": guest, "reason": ""}],
        "program_share_program_fk": [
            {"guest": guest, "program": Program.objects.get(environment=guest)},
        ],
    }
    for constraint, rows in refused.items():
        for row in rows:
            with pytest.raises(IntegrityError, match=constraint):
                insert(**row)
    share = insert(guest=guest)
    with pytest.raises(IntegrityError, match="program_share_live_once"):
        insert(guest=guest)
    share.revoked_at = share.created_at
    share.save()
    changes: list[dict[str, Any]] = [{"revoked_at": None}, {"reason": "Another"}, {"guest": owner}]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            ProgramShare.objects.filter(pk=share.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgramShare.objects.filter(pk=share.pk)._raw_delete("default")
    assert ProgramShare.objects.filter(environment=owner).count() == 1
