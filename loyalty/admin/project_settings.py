"""What a project is set to, in words, and its owner's way to change it (docs/console.md)."""

from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse

from audit.errors import InvalidRequest
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.ledger.idempotency import Idempotency
from programs.actions.projects import change_project
from programs.actions.tenancy import time_zones
from programs.admin.base import actor_of, staff_user
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import select, text_input
from programs.models import Environment, Program, Project
from programs.queries.staff import staff_of, staff_without_second_factor

YES_NO = {
    "two_factor_required": {
        "no": "Not asked for: the password is enough",
        "yes": "Required: who has none sees nothing of this project",
    },
    "audit_member_views": {
        "no": "Not noted",
        "yes": "Noted in the audit trail, once in ten minutes for each person and member",
    },
}
TITLES = {
    "name": "Name",
    "time_zone": "Time zone",
    "two_factor_required": "Second factor of staff",
    "audit_member_views": "Who opens a member's page",
}
_ZONE = (
    "Days, weeks and months begin by the new zone from then on: limits per day and month, streaks, stamps per day,"
    " dates of expiry that are given, and times on these pages. Dates that were given stay as they are. The day of the"
    " change is longer or shorter than others. Reports count all of the past anew."
)

_VIEWS = {
    True: "The trail says from now on who looked at whom, and when. No webhook tells of it.",
    False: "What was noted stays in the trail.",
}


class ChangedSetting(NamedTuple):
    """One setting before and after, as the page of confirmation shows it, and what it means."""

    title: str
    before: str
    after: str
    meaning: str


class ProjectForm(forms.Form):
    name = forms.CharField(max_length=200, widget=text_input(autocomplete="off"))
    time_zone = forms.ChoiceField(widget=select(), help_text="Where days, weeks and months begin.")
    two_factor_required = forms.ChoiceField(
        label=TITLES["two_factor_required"],
        choices=list(YES_NO["two_factor_required"].items()),
        widget=select(),
        help_text="A code of an app beside the password. Each person sets it up on the page Your log-in; you first.",
    )
    audit_member_views = forms.ChoiceField(
        label=TITLES["audit_member_views"],
        choices=list(YES_NO["audit_member_views"].items()),
        widget=select(),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = zone_choices()  # type: ignore[attr-defined]

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        return {name: given[name] == "yes" if name in YES_NO else given[name].strip() for name in TITLES}


def zone_choices() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(time_zones()) if "/" in name or name == "UTC"]


def shown(project: Project) -> dict[str, str]:
    """The settings as the form holds them."""
    values = {name: getattr(project, name) for name in TITLES}
    return {name: ("yes" if value else "no") if name in YES_NO else value for name, value in values.items()}


def settings_of(environment: Environment) -> dict[str, Any]:
    """What the project's page says beside its environments; of the environment at hand the limits of programs."""
    project = environment.project
    plan = project.organization.plan
    now = shown(project)
    people = staff_of(project)
    return {
        "second_factor": YES_NO["two_factor_required"][now["two_factor_required"]],
        "member_views": YES_NO["audit_member_views"][now["audit_member_views"]],
        "plan": plan,
        "history_days": plan.limits.get("history_days"),
        "programs": list(Program.objects.filter(environment=environment)),
        "staff_count": people.count(),
        "staff_without": staff_without_second_factor(project).count(),
    }


def edit_page(page: DetailAdmin[Any], request: HttpRequest, project: Project) -> HttpResponse:
    """Enter, look at what changes and means, confirm."""
    by = staff_user(request)
    actor = actor_of(request)

    def form(data: Any = None, initial: Any = None) -> ProjectForm:
        return ProjectForm(data, initial=initial or shown(project))

    def effect(content: Content) -> dict[str, Any]:
        changes = _asked(content)
        found = _differences(project, changes)
        rehearsed(lambda: change_project(project=project, changes=changes, by=by, actor=actor))
        return {"shown": [list(each) for each in found], "changes": found}

    def act(content: Content, _once: Idempotency) -> str:
        changed = change_project(project=project, changes=_asked(content), by=by, actor=actor)
        return f"The settings of {changed} are saved."

    deed = Deed(
        name="project_edit",
        title="Settings of the project",
        form=form,
        effect=effect,
        act=act,
        after=page.url("change", project.pk),
        repeated="This was saved already.",
    )
    return confirm_page(page, request, project, deed)


def _asked(content: Content) -> dict[str, Any]:
    given = ProjectForm(content)
    given.is_valid()
    return given.changes()


def _differences(project: Project, changes: dict[str, Any]) -> list[ChangedSetting]:
    """What would be otherwise. Raises InvalidRequest where nothing would."""
    found = [
        _changed(project, name, value) for name, value in changes.items() if value != getattr(project, name)
    ]
    if not found:
        raise InvalidRequest("Nothing would change: this is how the project is set.")
    return found


def _changed(project: Project, name: str, value: Any) -> ChangedSetting:
    before = getattr(project, name)
    if name not in YES_NO:
        meaning = _ZONE if name == "time_zone" else "Keys, ids and addresses stay as they are."
        return ChangedSetting(TITLES[name], before, value, meaning)
    words = YES_NO[name]
    meaning = _meaning_of_second_factor(project, value) if name == "two_factor_required" else _VIEWS[value]
    return ChangedSetting(
        TITLES[name], words["yes" if before else "no"], words["yes" if value else "no"], meaning
    )


def _meaning_of_second_factor(project: Project, becomes: bool) -> str:
    if not becomes:
        return "Whoever knows a colleague's password gets in, unless that colleague keeps a second factor."
    without = [membership.user.get_username() for membership in staff_without_second_factor(project)]
    if not without:
        return "Everybody in the project has one already."
    several = len(without) > 1
    names = f"{', '.join(without[:-1])} and {without[-1]}" if several else without[0]
    return (
        f"{names} {'have' if several else 'has'} none yet and {'see' if several else 'sees'} nothing of the project"
        " from now on, until it is set up: the console asks for it at once."
    )
