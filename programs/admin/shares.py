"""Programs that another project may use: shared with a reason, revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from programs.actions.shares import FEATURE, revoke_share, share_program
from programs.admin.base import actor_of, current_environment, form_errors, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import select, text_input
from programs.models import Environment, Program, ProgramShare
from programs.queries.plans import has_feature
from programs.queries.shares import possible_guests
from programs.queries.staff import Role, environments_for


class ShareForm(forms.Form):
    program = forms.ModelChoiceField(
        Program.objects.none(), widget=select(), help_text="Which of this environment's."
    )
    project = forms.ModelChoiceField(
        Environment.objects.none(),
        widget=select(),
        help_text="Its calls may then name the program by its id. Only projects that you are in yourself are listed:"
        " if yours is missing, ask an owner there to add you under Staff, or share by API (docs/cross-project.md).",
    )
    reason = forms.CharField(max_length=500, widget=text_input(), help_text="Both projects read it.")

    def __init__(self, *args: Any, request: HttpRequest, environment: Environment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = environments_for(request.user).values("pk")
        program, project = self.fields["program"], self.fields["project"]
        assert isinstance(program, forms.ModelChoiceField)  # noqa: S101 - as declared above
        assert isinstance(project, forms.ModelChoiceField)  # noqa: S101
        program.queryset = Program.objects.filter(environment=environment)
        project.queryset = possible_guests(environment).filter(pk__in=mine)


@admin.register(ProgramShare)
class ProgramShareAdmin(DetailAdmin[ProgramShare]):
    detail_template = "share.html"
    explanation = (
        "A program may be used by another project of your organization: its calls name it by id, and the "
        "members' points stay where the program is."
    )
    first_step = "An owner of the program's project can share it."
    list_display = ("name_of", "direction", "reason", "created_at", "state")
    sortable_by = ()

    def scope(self, environment: Environment) -> Q:
        return Q(environment=environment.pk) | Q(guest=environment.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramShare]:
        here = current_environment(request)
        rows = (
            super().get_queryset(request).select_related("program", "environment__project", "guest__project")
        )
        return rows.annotate(is_given=ExpressionWrapper(Q(environment=here and here.pk), BooleanField()))

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        here = current_environment(request)
        return may(request, Role.OWNER.value) and here is not None and has_feature(here, FEATURE)

    @admin.display(description="Program")
    def name_of(self, share: ProgramShare) -> SafeString:
        return format_html("{} <code>{}</code>", share.program.name, share.program.public_id)

    @admin.display(description="Direction")
    def direction(self, share: ProgramShare) -> str:
        return f"to {share.guest.project}" if _is_given(share) else f"from {share.environment.project}"

    @admin.display(description="State")
    def state(self, share: ProgramShare) -> SafeString:
        name = state_of(share)
        return format_html('<span class="lc-tag lc-{}">{}</span>', name, name.capitalize())

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("revoke", self.revoke, Role.OWNER.value), *super().get_urls()]

    def detail(self, request: HttpRequest, found: ProgramShare) -> dict[str, Any]:
        given = _is_given(found)
        return {
            "state": state_of(found),
            "is_given": given,
            "may_revoke": given and not found.revoked_at and may(request, Role.OWNER.value),
            "is_in_plan": has_feature(required_environment(request), FEATURE),
        }

    def detail_title(self, found: ProgramShare) -> str:
        return found.program.name

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, Role.OWNER.value)
        environment = required_environment(request)
        form = ShareForm(request.POST or None, request=request, environment=environment)
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data
            try:
                share = share_program(
                    environment=environment,
                    program=sent["program"],
                    guest=sent["project"],
                    reason=sent["reason"],
                    actor=actor_of(request),
                )
            except DomainError as error:
                form_errors(form, error)
            else:
                messages.success(request, f"{share.program} is shared with {share.guest.project}.")
                return HttpResponseRedirect(self.url("change", share.pk))
        context = {"form": form, "is_in_plan": has_feature(environment, FEATURE)}
        return self.page(request, "share_form.html", "Share a program", **context)

    def revoke(self, request: HttpRequest, share: ProgramShare) -> HttpResponse:
        if not _is_given(share):
            return self.not_found(request, str(share.pk))
        if request.method != "POST":
            return self.page(request, "share_revoke.html", f"Revoke {share.program}", object=share)
        revoke_share(environment=required_environment(request), share=share, actor=actor_of(request))
        messages.success(request, f"{share.program} is no longer shared with {share.guest.project}.")
        return HttpResponseRedirect(self.url("changelist"))


def state_of(share: ProgramShare) -> str:
    """`active` or `revoked`."""
    return "revoked" if share.revoked_at else "active"


def _is_given(share: ProgramShare) -> bool:
    """By the list's own rows: whether the current environment is the owner's."""
    return bool(share.is_given)  # type: ignore[attr-defined]
