"""The first run: from an empty project to the first event, each step with its state (console.md)."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from loyalty.models import Event
from programs.models import ApiKey, EarningRule, Environment, Metric, Program


@dataclass(frozen=True, slots=True)
class Step:
    """`purpose`: what it is for; `state`: how it stands; `page` names where it is done, by a word that the console
    knows; `key`: of what is to be opened there, or None. `least`: the role that may do it."""

    title: str
    purpose: str
    state: str
    done: bool
    page: str
    button: str
    key: str | None = None
    least: str = "operator"


def checklist(*, environment: Environment, now: datetime) -> list[Step]:
    """The five steps. `now` is the environment's time; keys end in real time. A few statements, by indexes."""
    return [
        _project(environment),
        _program(environment),
        _rule(environment, now),
        _key(environment),
        _event(environment),
    ]


def has_events(environment: Environment) -> bool:
    """Whether the last step is done; one statement."""
    return Event.objects.filter(environment_id=environment.pk).exists()


def _project(environment: Environment) -> Step:
    zone = environment.project.time_zone
    return Step(
        "Project",
        "Your product, with a sandbox to try things in and a live environment for real members.",
        f"{environment.project} exists; its days begin in {zone}.",
        True,
        "project",
        "Check its settings",
    )


def _program(environment: Environment) -> Step:
    purpose = "A scheme with its own points: rules, rewards and tiers belong to it."
    programs = Program.objects.filter(environment=environment)
    active = programs.filter(status=Program.Status.ACTIVE).order_by("created_at", "pk").first()
    if active is None:
        return Step("Program", purpose, "No program is active.", False, "program_add", "Add a program")
    counted = Metric.objects.filter(program=active).order_by("created_at", "pk").first()
    if counted is None:
        state = f"“{active}” has no metric yet: say what it counts, such as points."
        return Step("Program", purpose, state, False, "metric_add", "Add a metric")
    state = f"“{active}” is active and counts {counted.title.lower()}."
    return Step("Program", purpose, state, True, "program", "Open it", str(active.pk))


def _rule(environment: Environment, now: datetime) -> Step:
    purpose = "Says which events earn what, such as 1 point for each pound of a purchase."
    rules = EarningRule.objects.filter(environment=environment)
    published = rules.filter(status=EarningRule.Status.PUBLISHED)
    if published.filter(revisions__effective_from__lte=now).exists():
        return Step(
            "Earning rule", purpose, "A rule is published; it is in force.", True, "rules", "See the rules"
        )
    if published.exists():
        state = "A rule is published; it is in force from a later instant on."
        return Step("Earning rule", purpose, state, True, "rules", "See the rules")
    draft = rules.filter(status=EarningRule.Status.DRAFT).order_by("created_at", "pk").first()
    if draft is not None:
        state = f"“{draft}” is a draft: it earns nothing until it is published."
        return Step("Earning rule", purpose, state, False, "rule", "Publish it", str(draft.pk))
    return Step("Earning rule", purpose, "There is none yet.", False, "rule_add", "Make the first rule")


def _key(environment: Environment) -> Step:
    purpose = "Your server shows it when it calls the API."
    keys = ApiKey.objects.filter(environment=environment, revoked_at=None)
    if keys.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).exists():
        return Step("API key", purpose, "There is a key in use.", True, "keys", "See the keys", least="owner")
    state = "There is none in use; an owner of the project makes it."
    return Step("API key", purpose, state, False, "key_add", "Make a key", least="owner")


def _event(environment: Environment) -> Step:
    purpose = "What happened in your product, and what the rules made of it. Send one by hand to see it work."
    if has_events(environment):
        return Step("First event", purpose, "Events have come in.", True, "events", "See the events")
    return Step("First event", purpose, "None has come in yet.", False, "event_add", "Send an event")
