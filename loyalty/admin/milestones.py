"""Milestones, with the members who stand on each."""

from django.contrib import admin
from django.http import HttpRequest

from loyalty.queries.milestones import members_per_milestone
from programs.admin.base import required_environment
from programs.admin.milestones import MilestonesAdmin
from programs.models import MilestoneSet


@admin.register(MilestoneSet)
class MilestoneSetAdmin(MilestonesAdmin):
    def members_on(self, request: HttpRequest, found: MilestoneSet) -> list[int]:
        return members_per_milestone(
            environment=required_environment(request),
            metric=found.metric,
            thresholds=[one.threshold for one in found.milestones.all()],
        )
