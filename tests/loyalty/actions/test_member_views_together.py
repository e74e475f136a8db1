"""Two tabs that open a member's page at the same moment."""

from typing import Any

from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.member_views import note_view
from loyalty.models import Member
from programs.models import Environment, Project
from tests import factories


def test_two_tabs_at_once_are_one_view(committed_environment: Environment, together: Any) -> None:
    ada = Member.objects.get(pk=factories.give(committed_environment, 5, "ada").member_id)
    Project.objects.filter(pk=committed_environment.project_id).update(audit_member_views=True)
    environment, actor = factories.reload(committed_environment), factories.staff_actor("olga")
    noted = together(
        lambda _n: note_view(environment=environment, member=ada, actor=actor, now=timezone.now()), 6
    )
    assert noted.count(True) == 1
    assert AuditEvent.objects.filter(member_id=ada.pk, verb="member.viewed").count() == 1
