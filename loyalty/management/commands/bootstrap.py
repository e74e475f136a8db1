"""`manage.py bootstrap`: a new tenant, ready to be used."""

import json
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse

from audit.errors import DomainError, FieldError
from audit.record import Actor
from programs.actions.keys import create_key
from programs.actions.staff import ensure_login
from programs.actions.tenancy import create_project, set_membership
from programs.models import ApiKey, Environment, Project, ProjectMembership

KEY_NAME = "Bootstrap"


@dataclass(slots=True)
class Tenant:
    """What there is now. A secret is None where it was made earlier, so that it can't be shown."""

    project: Project
    environments: dict[str, Environment]
    user: User
    password: str | None = None
    keys: dict[str, str | None] = field(default_factory=dict)


@transaction.atomic
def bootstrap_tenant(
    *,
    organization: str,
    project: str,
    time_zone: str,
    username: str,
    actor: Actor,
    password: str | None = None,
    new_password: bool = False,
) -> Tenant:
    """The project and its owner, made where they are missing; no keys. Passwords: see `ensure_login`.

    Raises InvalidRequest for the time zone or the user name. Nothing is written then.
    """
    made = create_project(
        organization_name=organization, project_name=project, time_zone=time_zone, actor=actor
    )
    user, shown = ensure_login(
        project=made, username=username, actor=actor, password=password, new_password=new_password
    )
    if not ProjectMembership.objects.filter(project=made, user=user).exists():
        set_membership(project=made, user=user, role=ProjectMembership.Role.OWNER, actor=actor)
    environments = Environment.objects.select_related("project").filter(project=made, archived_at=None)
    return Tenant(made, {environment.kind: environment for environment in environments}, user, shown)


def add_keys(tenant: Tenant, *, new: bool, actor: Actor) -> None:
    """A key with all scopes for each environment that never had one, or with `new` for each.
    Earlier keys stay valid."""
    for kind, environment in tenant.environments.items():
        tenant.keys[kind] = None
        if new or not ApiKey.objects.filter(environment=environment).exists():
            made = create_key(environment=environment, name=KEY_NAME, scopes=["*"], actor=actor)
            tenant.keys[kind] = made.secret


class Command(BaseCommand):
    """Makes what is missing; run again, it changes nothing unless asked for new secrets."""

    help = "Make all that a new tenant needs, and print its ids, keys and console log-in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", required=True, help="name of the tenant")
        parser.add_argument("--project", required=True, help="name of its product")
        parser.add_argument("--time-zone", default="Europe/London", help="of a new project (IANA name)")
        parser.add_argument(
            "--username", default="owner", help="console user, made if missing (default: owner)"
        )
        parser.add_argument("--new-keys", action="store_true", help="make another pair of keys")
        parser.add_argument("--new-password", action="store_true", help="give the user a new password")
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("bootstrap")
        try:
            _check_names(options)
            with transaction.atomic():
                tenant = bootstrap_tenant(
                    organization=options["organization"],
                    project=options["project"],
                    time_zone=options["time_zone"],
                    username=options["username"],
                    new_password=options["new_password"],
                    actor=actor,
                )
                add_keys(tenant, new=options["new_keys"], actor=actor)
        except DomainError as refusal:
            raise CommandError(f"{_refused(refusal, options)} Nothing was changed.") from refusal
        facts = as_json(tenant)
        if not options["json"]:
            self.stdout.write(as_text(facts))
            return
        self.stdout.write(json.dumps(facts))
        if None in (tenant.password, *tenant.keys.values()):
            self.stderr.write(
                "null: made earlier, can't be shown again; --new-keys and --new-password make new ones."
            )


def _advice(error: FieldError) -> str:
    """What to do about it on the command line."""
    is_taken = (error.field, error.code) == ("username", "taken")
    return "Choose another user name: add --username NAME." if is_taken else error.detail


def _check_names(options: dict[str, Any]) -> None:
    """The database's limits, told before it refuses. Raises CommandError."""
    for name, longest in (("organization", 200), ("project", 200), ("username", 150)):
        if not options[name].strip() or len(options[name]) > longest:
            raise CommandError(f"--{name} takes 1 to {longest} characters.")


def _refused(refusal: DomainError, options: dict[str, Any]) -> str:
    """What is wrong, by the names of the options: who left one out has never typed its value."""
    told = [
        f"--{error.field.replace('_', '-')} {options[error.field]}: {_advice(error)}"
        for error in refusal.errors
        if error.field in options
    ]
    return " ".join(told) or str(refusal)


def as_json(tenant: Tenant) -> dict[str, Any]:
    """The answer of --json; null for a secret that can't be shown again."""
    project = tenant.project
    return {
        "organization": {"id": str(project.organization_id), "name": project.organization.name},
        "project": {"id": str(project.id), "name": project.name, "time_zone": project.time_zone},
        "environments": {
            kind: {"id": str(environment.id), "api_key": tenant.keys.get(kind)}
            for kind, environment in tenant.environments.items()
        },
        "console": {
            "path": reverse("admin:index"),
            "username": tenant.user.username,
            "password": tenant.password,
        },
    }


def as_text(facts: dict[str, Any]) -> str:
    """The same for people. Says what can't be shown, and how to get a new one."""
    old_key = "made earlier, can't be shown again; --new-keys makes another"
    old_password = "set earlier, can't be shown again; --new-password sets a new one"  # noqa: S105 - not one
    console = facts["console"]
    lines = [
        ("Organization", f"{facts['organization']['name']}  {facts['organization']['id']}"),
        (
            "Project",
            f"{facts['project']['name']}  {facts['project']['id']}  ({facts['project']['time_zone']})",
        ),
    ]
    for kind, environment in facts["environments"].items():
        lines += [(f"{kind.title()}", environment["id"]), ("  key", environment["api_key"] or old_key)]
    lines += [
        ("Console", console["path"]),
        ("  user", console["username"]),
        ("  password", console["password"] or old_password),
    ]
    text = "\n".join(f"{name:<14}{value}" for name, value in lines)
    new = console["password"] or any(environment["api_key"] for environment in facts["environments"].values())
    return f"{text}\n\nKeep the secrets now: they are not stored and can't be shown again." if new else text
