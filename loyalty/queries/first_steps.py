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
    knows; `key`: of what is to be opened there, or None. `least`: the role that may do it. `by_hand`: an event may be
    sent from the console instead."""

    title: str
    purpose: str
    state: str
    done: bool
    page: str
    button: str
    key: str | None = None
    least: str = "operator"
    by_hand: bool = False


def checklist(*, environment: Environment, now: datetime) -> list[Step]:
    """Five steps, and in a sandbox the way to live. `now` is the environment's time; keys end in real time. A few
    statements, by indexes."""
    steps = [
        _project(environment),
        _program(environment),
        _rule(environment, now),
        _key(environment),
        _event(environment),
    ]
    return [*steps, _copy(environment)] if environment.kind == Environment.Kind.SANDBOX else steps


def has_events(environment: Environment) -> bool:
    """Whether an event has come in; one statement."""
    return Event.objects.filter(environment_id=environment.pk).exists()


def is_in_force(environment: Environment) -> bool:
    """Whether the project's live environment has a published rule; one statement."""
    rules = EarningRule.objects.filter(
        environment__project=environment.project_id, environment__kind=Environment.Kind.LIVE
    )
    return rules.filter(status=EarningRule.Status.PUBLISHED).exists()


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
        return Step("Earning rule", purpose, state, False, "rule_publish", "Publish it", str(draft.pk))
    return Step("Earning rule", purpose, "There is none yet.", False, "rule_add", "Make the first rule")


def _key(environment: Environment) -> Step:
    purpose = "Your server shows it when it calls the API."
    keys = ApiKey.objects.filter(environment=environment, revoked_at=None)
    if keys.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now())).exists():
        return Step("API key", purpose, "There is a key in use.", True, "keys", "See the keys", least="owner")
    state = "There is none in use; an owner of the project makes it."
    return Step("API key", purpose, state, False, "key_add", "Make a key", least="owner")


def _event(environment: Environment) -> Step:
    if environment.kind == Environment.Kind.LIVE and not has_events(environment):
        return Step(
            "Your server’s first call",
            "Your server shows its key and reports what happened in your product.",
            "No event has come in yet.",
            False,
            "keys",
            "See the keys",
            least="owner",
            by_hand=True,
        )
    purpose = "What happened in your product, and what the rules made of it. Send one by hand to see it work."
    if has_events(environment):
        return Step("First event", purpose, "Events have come in.", True, "events", "See the events")
    return Step("First event", purpose, "None has come in yet.", False, "event_add", "Send an event")


def _copy(environment: Environment) -> Step:
    title, purpose = (
        "Copy it to live",
        "Live gets the configuration as it is here, no members, events or keys.",
    )
    key = str(environment.project_id)
    if is_in_force(environment):
        return Step(title, purpose, "Live has a published rule.", True, "copy", "See what differs", key)
    return Step(
        title, purpose, "Live has no published rule yet.", False, "copy", "Copy sandbox to live…", key
    )
