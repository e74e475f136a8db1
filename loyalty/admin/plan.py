"""What the plan allows and how much of it is used; superusers give an organization another plan, and edit them
(domain.md 10)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils import timezone

from audit.errors import DomainError
from loyalty.actions.changing_plans import change_plan, give_plan
from loyalty.queries.plan_usage import plan_use
from programs.actions.plans import MOST
from programs.admin.base import TenantAdmin, actor_of, form_errors, require, required_environment
from programs.admin.widgets import check_boxes, number_input, select, text_input
from programs.models import Environment, Plan
from programs.models.plans import FEATURES, LIMITS

_HELP = {
    "history_days": "Older history is not shown, and its personal payload is erased.",
    "requests_per_minute": "Of one environment, whichever keys ask.",
    "events_per_month": "Of all sandboxes together, and of all live environments together.",
}


class ChoiceForm(forms.Form):
    plan = forms.ModelChoiceField(
        Plan.objects.all(), widget=select(), empty_label=None, help_text="It holds at once."
    )


class PlanForm(forms.Form):
    code = forms.SlugField(max_length=50, widget=text_input())
    name = forms.CharField(max_length=200, widget=text_input())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, title in LIMITS.items():
            self.fields[name] = forms.IntegerField(
                label=title,
                required=False,
                min_value=0,
                max_value=MOST,
                widget=number_input(),
                help_text=f"{_HELP.get(name, '')} Empty: unlimited.".strip(),
            )
        self.fields["features"] = forms.MultipleChoiceField(
            choices=list(FEATURES.items()), required=False, widget=check_boxes()
        )

    def changes(self) -> dict[str, Any]:
        given = self.cleaned_data
        limits = {name: given[name] for name in LIMITS if given[name] is not None}
        return {"code": given["code"], "name": given["name"], "limits": limits, "features": given["features"]}


def _superuser(request: HttpRequest) -> None:
    if not request.user.is_superuser:
        raise PermissionDenied("Only whoever runs this system changes plans.")


@admin.register(Plan)
class PlanAdmin(TenantAdmin[Plan]):
    """The page of the current organization's plan. Other plans are shown to superusers alone."""

    explanation = "A plan says what an organization may use."

    def scope(self, environment: Environment) -> Q:
        return Q(pk=environment.project.organization.plan_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        return Plan.objects.all() if request.user.is_superuser else super().get_queryset(request)

    def get_urls(self) -> list[URLPattern]:
        choose = path("choose/", self.admin_site.admin_view(self.choose), name="programs_plan_choose")
        return [choose, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(request.user.is_superuser)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        require(request, self.reader)
        environment = required_environment(request)
        plan = environment.project.organization.plan
        found = plan_use(environment=environment, now=timezone.now())
        context: dict[str, Any] = {
            "plan": plan,
            "organization": environment.project.organization,
            "limits": found.limits,
            "is_over": any(each.is_over for each in found.limits),
            "held": [FEATURES[name] for name, holds in found.features.items() if holds],
            "hidden": [FEATURES[name] for name, holds in found.features.items() if not holds],
            "resets_at": found.resets_at,
        }
        if request.user.is_superuser:
            context["plans"] = Plan.objects.annotate(used_by=Count("organizations")).order_by("code")
            context["form"] = ChoiceForm(initial={"plan": plan.pk})
        return self.page(request, "plan.html", "Plan", **context)

    def choose(self, request: HttpRequest) -> HttpResponse:
        """Give the current organization another plan."""
        _superuser(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ChoiceForm(request.POST)
        if form.is_valid():
            organization = required_environment(request).project.organization
            give_plan(organization=organization, plan=form.cleaned_data["plan"], actor=actor_of(request))
            messages.success(request, f"{organization} has the plan {form.cleaned_data['plan']}.")
        else:
            messages.error(request, "There is no such plan; choose one of the list.")
        return HttpResponseRedirect(self.url("changelist"))

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        _superuser(request)
        return self._form(request, Plan(), {"features": list(FEATURES)})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            return self.not_found(request, object_id)
        if not request.user.is_superuser:
            return HttpResponseRedirect(self.url("changelist"))
        shown = {"code": found.code, "name": found.name, "features": found.features, **found.limits}
        return self._form(request, found, shown)

    def _form(self, request: HttpRequest, plan: Plan, shown: dict[str, Any]) -> HttpResponse:
        form = PlanForm(request.POST if request.method == "POST" else None, initial=shown)
        is_new = plan._state.adding
        if request.method == "POST" and form.is_valid():
            try:
                saved = change_plan(plan=plan, changes=form.changes(), actor=actor_of(request))
            except DomainError as refusal:
                form_errors(form, refusal)
            else:
                messages.success(request, f"The plan {saved} is saved, and holds at once.")
                return HttpResponseRedirect(self.url("changelist"))
        users = 0 if is_new else plan.organizations.count()
        title = "New plan" if is_new else f"Edit {plan.name}"
        return self.page(request, "plan_form.html", title, form=form, plan=plan, is_new=is_new, users=users)
