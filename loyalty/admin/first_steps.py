"""The first run on every page: what is done next, until the first event has come in. After that a sandbox leads to
live, on the overview alone."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from loyalty.queries.first_steps import Step, checklist, has_events, is_in_force
from programs.admin.base import may
from programs.models import Environment
from programs.queries.environments import now_in

_DONE = "console_first_steps_done"


def steps_for(request: HttpRequest, environment: Environment) -> list[Step]:
    """The steps of whoever configures; none where nothing is left to do."""
    if not may(request, "operator"):
        return []
    if _has_begun(request, environment) and not _leads_to_live(request, environment):
        return []
    return [_for(request, step) for step in checklist(environment=environment, now=now_in(environment))]


def _has_begun(request: HttpRequest, environment: Environment) -> bool:
    """Whether an event has come in, which the session then remembers."""
    begun: list[Any] = request.session.get(_DONE, [])
    if str(environment.pk) in begun:
        return True
    if has_events(environment):
        request.session[_DONE] = [*begun, str(environment.pk)]
        return True
    return False


def _leads_to_live(request: HttpRequest, environment: Environment) -> bool:
    """Whether the overview of a sandbox has live still to offer."""
    is_overview = request.path == reverse("admin:index")
    return is_overview and environment.kind == Environment.Kind.SANDBOX and not is_in_force(environment)


def _for(request: HttpRequest, step: Step) -> Step:
    """Without a way to a page that the role may not open."""
    return step if may(request, step.least) else replace(step, button="")
