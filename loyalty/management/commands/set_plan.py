"""Gives an organization a plan, which is made or changed on the way."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.changing_plans import change_plan, give_plan
from programs.models import Organization, Plan
from programs.models.plans import FEATURES, LIMITS


class Command(BaseCommand):
    help = "Give an organization a plan. --limit, --unlimited, --feature and --no-feature change the plan itself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", nargs="?", help="By its name; left out: the plan alone is saved.")
        parser.add_argument("--plan", required=True, help="The plan's code; made where there is none.")
        parser.add_argument("--name", help="What the plan is called.")
        parser.add_argument(
            "--limit", action="append", default=[], metavar="NAME=NUMBER", help=_known(LIMITS)
        )
        parser.add_argument("--unlimited", action="append", default=[], choices=list(LIMITS), metavar="NAME")
        parser.add_argument("--feature", action="append", default=[], metavar="NAME", help=_known(FEATURES))
        parser.add_argument("--no-feature", action="append", default=[], metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("set_plan")
        organization = _organization(options["organization"])
        try:
            with transaction.atomic():
                plan = change_plan(**_changed(options), actor=actor, organization=organization)
                if organization:
                    give_plan(organization=organization, plan=plan, actor=actor)
        except DomainError as error:
            raise CommandError(error.detail) from error
        limits = ", ".join(f"{name} {plan.limits[name]:,}" for name in LIMITS if name in plan.limits)
        holds = ", ".join(name for name in FEATURES if name in plan.features)
        whose = f"{organization} has" if organization else "Saved:"
        self.stdout.write(f"{whose} the plan {plan.name} ({plan.code}).")
        self.stdout.write(f"Limits: {limits or 'none'}. Features: {holds or 'none'}.")


def _known(names: dict[str, str]) -> str:
    return f"Of {', '.join(names)}."


def _organization(name: str | None) -> Organization | None:
    if name is None:
        return None
    found = Organization.objects.filter(name=name).first()
    if found is None:
        names = Organization.objects.order_by("name").values_list("name", flat=True)
        known = ", ".join(f"“{each}”" for each in names) or "none; bootstrap makes one"
        raise CommandError(f"There is no organization {name!r}. There are: {known}.")
    return found


def _changed(options: dict[str, Any]) -> dict[str, Any]:
    stored = Plan.objects.select_for_update(no_key=True)  # what is left as it is, is as it is now
    plan = stored.filter(code=options["plan"]).first()
    plan = plan or Plan(code=options["plan"], name=options["plan"], features=list(FEATURES))
    limits = {name: value for name, value in plan.limits.items() if name not in options["unlimited"]}
    limits |= dict(_limit(text) for text in options["limit"])
    kept = [*plan.features, *(name for name in options["feature"] if name not in plan.features)]
    changes = {
        "name": options["name"] or plan.name,
        "limits": limits,
        "features": [name for name in kept if name not in options["no_feature"]],
    }
    return {"plan": plan, "changes": changes}


def _limit(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if not number.isdecimal():
        raise CommandError(f"--limit takes NAME=NUMBER, not {text!r}.")
    return name, int(number)
