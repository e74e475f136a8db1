"""Challenges with their members' progress: how far they are, and how challenges are saved."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern

from loyalty.admin.challenge_funnel import funnel_csv, funnel_shown
from loyalty.queries.completing import completed_of, completing
from loyalty.queries.received import received_types
from loyalty.queries.taken import in_words
from programs.actions.challenges import save_challenge
from programs.actions.member_apps import member_app_of
from programs.admin.base import actor_of, required_environment
from programs.admin.challenge_form import ChallengeEditor
from programs.admin.challenge_lowering import Easier
from programs.admin.challenges import ChallengesAdmin
from programs.models import Challenge
from programs.queries.environments import now_in


@admin.register(Challenge)
class ChallengeAdmin(ChallengesAdmin):
    def get_urls(self) -> list[URLPattern]:
        csv = self.object_page("csv", lambda _request, found: funnel_csv(found), self.reader)
        return [csv, *super().get_urls()]

    def completions(self, challenges: Sequence[Challenge]) -> Mapping[UUID, str]:
        found = completed_of([challenge.pk for challenge in challenges])
        return {key: in_words(count) for key, count in found.items()}

    def unreachable(self, request: HttpRequest, event_types: Collection[str]) -> Collection[str]:
        environment = required_environment(request)
        open_to_apps = set(member_app_of(environment).event_types)
        left = set(event_types) - open_to_apps
        return left - received_types(environment=environment, types=left) if left else left

    def completing(self, challenge: Challenge, easier: Easier) -> tuple[str, str]:
        now = now_in(challenge.environment)
        found = completing(challenge=challenge, targets=easier.targets, now=now)
        return f"{found.challenge:,}", f"{found.missions:,}"

    def figures_of(self, request: HttpRequest, challenge: Challenge) -> dict[str, Any]:
        return funnel_shown(challenge) if challenge.status != Challenge.Status.DRAFT else {}

    def store(self, request: HttpRequest, editor: ChallengeEditor) -> Challenge:
        environment = required_environment(request)
        return save_challenge(
            environment=environment,
            challenge=editor.form.instance,
            actor=actor_of(request),
            now=now_in(environment),
            changes=editor.form.changes(),
            missions=[row.as_mission() for row in editor.begun],
            rewards=[row.as_reward() for row in editor.given],
        )

    def turn(self, request: HttpRequest, challenge: Challenge, status: str) -> None:
        environment = required_environment(request)
        save_challenge(
            environment=environment,
            challenge=challenge,
            actor=actor_of(request),
            now=now_in(environment),
            changes={"status": status},
            missions=None,
            rewards=None,
        )
