"""The sandbox begins anew: what goes and what stays is said, and the project's name is typed (console.md)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from audit.errors import DomainError
from audit.ids import new_id
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.admin.confirming import once_for
from loyalty.errors import Replay
from loyalty.models import Event, LedgerEntry, Member
from programs.admin.base import SESSION_KEY, actor_of, form_errors
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import text_input
from programs.models import Environment, Project


class ResetForm(forms.Form):
    typed = forms.CharField(max_length=200, widget=text_input(autocomplete="off", spellcheck="false"))

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project
        self.fields["typed"].label = "Type the project's name to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed != self.project.name.strip():
            raise forms.ValidationError("That is not this project's name. Nothing was reset.")
        return typed


def reset_page(page: DetailAdmin[Any], request: HttpRequest, project: Project) -> HttpResponse:
    """One page: what goes, what stays, and the field for the name."""
    after = page.url("change", project.pk)
    sandbox = project.environments.filter(kind=Environment.Kind.SANDBOX, archived_at=None).first()
    if sandbox is None:
        messages.warning(request, "The project has no sandbox.")
        return HttpResponseRedirect(after)
    form = ResetForm(request.POST if request.method == "POST" else None, project=project)
    if request.POST.get("token") and form.is_valid() and _reset(request, project, sandbox, form):
        return HttpResponseRedirect(after)
    context = _what_goes(sandbox) | {"token": new_id().hex, "after": after}
    title = "Begin the sandbox anew"
    return page.page(request, "reset_sandbox.html", title, form=form, object=project, **context)


def _reset(request: HttpRequest, project: Project, sandbox: Environment, form: ResetForm) -> bool:
    try:
        new = reset_sandbox(
            environment=sandbox,
            actor=actor_of(request),
            now=timezone.now(),
            idempotency=once_for(request, project, "reset", {}),
        )
    except Replay:
        messages.info(request, "The sandbox was reset already; it was not reset again.")
        return True
    except DomainError as error:
        form_errors(form, error)
        return False
    request.session[SESSION_KEY] = str(new.pk)
    messages.success(request, "The sandbox is new and empty, and configured as before. You are in it now.")
    return True


def _what_goes(sandbox: Environment) -> dict[str, Any]:
    return {
        "members": Member.objects.filter(environment=sandbox, redirect_to=None).count(),
        "events": Event.objects.filter(environment_id=sandbox.pk).count(),
        "entries": LedgerEntry.objects.filter(environment_id=sandbox.pk).count(),
        "keys": sandbox.api_keys.filter(revoked_at=None).count(),
        "token_keys": sandbox.token_keys.filter(revoked_at=None).count(),
        "clock": sandbox.clock,
    }
