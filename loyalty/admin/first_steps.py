"""The first run on every page: what is done next, until the first event has come in."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from loyalty.queries.first_steps import Step, checklist, has_events
from programs.admin.base import may
from programs.models import Environment
from programs.queries.environments import now_in

_DONE = "console_first_steps_done"


def steps_for(request: HttpRequest, environment: Environment) -> list[Step]:
    """The steps of whoever configures; none as soon as an event has come in, which the session then remembers."""
    if not may(request, "operator"):
        return []
    done: list[Any] = request.session.get(_DONE, [])
    if str(environment.pk) in done:
        return []
    if has_events(environment):
        request.session[_DONE] = [*done, str(environment.pk)]
        return []
    return [_for(request, step) for step in checklist(environment=environment, now=now_in(environment))]


def _for(request: HttpRequest, step: Step) -> Step:
    """Without a way to a page that the role may not open."""
    return step if may(request, step.least) else replace(step, button="")
