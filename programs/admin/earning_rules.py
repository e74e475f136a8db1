"""Earning rules: written as drafts, published as revisions, archived and never deleted.

What needs members and events (trying a draft, back-tests, what is spent) is added in loyalty.admin.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.errors import DomainError
from programs.actions.publish import (
    archive,
    completed,
    definition_of,
    is_published,
    publish,
    published_revision,
    roll_back,
)
from programs.actions.rules import save_rule
from programs.admin.base import actor_of, may, require, required_environment
from programs.admin.configured import ConfiguredAdmin
from programs.admin.rule_form import EarningRuleForm
from programs.admin.rule_words import (
    differences,
    revision_in_words,
    revisions_in_words,
    rows_of_rule,
    sentence_for,
    sentence_of,
)
from programs.models import EarningRule, EarningRuleRevision, Metric
from programs.queries.environments import now_in

_AWARD = (
    "award_kind",
    "award_points",
    ("award_rate", "award_step", "award_field"),
    ("award_item_points", "award_each", "award_item_step"),
    "award_where",
    "award_factor",
    ("award_member", "award_referrer"),
    "entry_type",
)
_REVISIONS = 20  # on the page; the API lists them all
_DONE = {"Publish": "published", "Archive": "archived", "Roll back": "rolled back"}


class EarningRuleAdmin(ConfiguredAdmin[EarningRule]):
    form = EarningRuleForm
    change_form_template = "console/earning_rule.html"
    add_form_template = "console/earning_rule.html"
    explanation = "An earning rule says which events earn what."
    first_step = "Add one as a draft; it has no effect until you publish it."
    list_display = ("name", "in_words", "state", "priority")
    list_filter = ("status",)
    list_select_related = ("metric",)
    search_fields = ("name", "event_type")
    fieldsets = (
        (None, {"fields": ("name", ("program", "metric"), "event_type")}),
        ("Which events", {"fields": ("condition",)}),
        ("What they earn", {"fields": _AWARD}),
        ("How much at most", {"fields": ("caps", "budget")}),
        ("When", {"fields": ("starts_at", "ends_at", "schedule")}),
        ("Beside other rules", {"fields": (("priority", "exclusive_group"),)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: EarningRule | None = None) -> Any:
        """Who may only read is shown the rule in words: its inputs would be empty boxes."""
        return super().get_fieldsets(request, obj) if may(request, "operator") else []

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The first program and its metric: mostly there is no other."""
        metric = self._metrics(request).order_by("program__created_at", "pk").first()
        first = {"program": metric.program_id, "metric": metric.pk} if metric else {}
        return first | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: EarningRule, form: Any, change: bool) -> None:
        environment = required_environment(request)
        save_rule(environment=environment, rule=obj, actor=actor_of(request), changes=form.changes())

    def response_add(self, request: HttpRequest, obj: EarningRule, *args: Any) -> HttpResponse:
        """A new rule is a draft: on to its page, where it is tried and published."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, *args)
        messages.success(request, f"“{obj}” is saved as a draft. Try it, then publish it.")
        return HttpResponseRedirect(self.url("change", obj.pk))

    def get_urls(self) -> list[URLPattern]:
        sentence = self.admin_site.admin_view(require_POST(self.sentence))
        own = [
            path("sentence/", sentence, name="programs_earningrule_sentence"),
            self.object_page("publish", self.publish, "operator"),
            self.object_page("archive", self.archive, "operator"),
            self.object_page("roll-back", self.roll_back, "operator"),
        ]
        return [*own, *super().get_urls()]

    @admin.display(description="In words")
    def in_words(self, rule: EarningRule) -> str:
        return sentence_of(rule)

    @admin.display(description="Status", ordering="status")
    def state(self, rule: EarningRule) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', rule.status, rule.get_status_display())

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        rule: EarningRule | None = context.get("original")
        if rule is not None:
            # the form has its values on the same object: what is stored is read anew
            stored = EarningRule.objects.select_related("metric").get(pk=rule.pk)
            context |= self.standing(request, stored)
        context["may_operate"] = may(request, "operator")
        return super().render_change_form(request, context, *args, **kwargs)

    def standing(self, request: HttpRequest, rule: EarningRule) -> dict[str, Any]:
        """What the page says of a stored rule besides its form."""
        newest = published_revision(rule)
        revisions = list(rule.revisions.all()[:_REVISIONS])
        return {
            "sentence": sentence_of(rule),
            "rule": rule,
            "rows": rows_of_rule(rule),
            "newest": newest,
            "is_unpublished": not is_published(rule, newest),
            "revisions": list(zip(revisions, revisions_in_words(revisions), strict=True)),
            "has_older": bool(revisions) and revisions[-1].number > 1,
        }

    def sentence(self, request: HttpRequest) -> JsonResponse:
        """What is on the screen, in words, before it is saved."""
        require(request, "operator")
        metric = self._metrics(request).filter(pk=_key(request.POST.get("metric"))).first()
        return JsonResponse(sentence_for(request.POST, metric.title if metric else "points"))

    def _metrics(self, request: HttpRequest) -> Any:
        return Metric.objects.filter(environment=required_environment(request))

    def publish(self, request: HttpRequest, rule: EarningRule) -> HttpResponse:
        """Shows what will change; a post does it."""
        newest = published_revision(rule)
        context = {
            "diff": differences(newest.definition if newest else None, definition_of(rule)),
            "sentence": sentence_of(rule),
            "newest": newest,
            "now": now_in(required_environment(request)),
        }
        return self._step(request, rule, publish, "Publish", "rule_publish.html", context)

    def roll_back(self, request: HttpRequest, rule: EarningRule) -> HttpResponse:
        """Shows what an earlier revision would change; a post publishes it again."""
        number = request.POST.get("revision") or request.GET.get("revision", "")
        revisions = {str(revision.number): revision for revision in rule.revisions.all()}
        earlier: EarningRuleRevision | None = revisions.get(number)
        if earlier is None or earlier.definition is None:
            messages.warning(request, "Choose a revision to go back to.")
            return HttpResponseRedirect(self.url("change", rule.pk))
        newest = published_revision(rule)
        kept = definition_of(rule) == completed(earlier.definition) or is_published(rule, newest)
        context = {
            "diff": differences(newest.definition if newest else None, earlier.definition),
            "sentence": revision_in_words(earlier),
            "earlier": earlier,
            "newest": newest,
            "draft_is_lost": not kept,
            "now": now_in(required_environment(request)),
        }
        back = partial(roll_back, number=earlier.number)
        return self._step(request, rule, back, "Roll back", "rule_roll_back.html", context)

    def archive(self, request: HttpRequest, rule: EarningRule) -> HttpResponse:
        return self._step(request, rule, archive, "Archive", "rule_archive.html", {})

    def _step(
        self,
        request: HttpRequest,
        rule: EarningRule,
        action: Callable[..., Any],
        verb: str,
        template: str,
        context: dict[str, Any],
    ) -> HttpResponse:
        if request.method != "POST":
            return self.page(request, template, f"{verb} {rule}", object=rule, **context)
        environment = required_environment(request)
        try:
            action(environment=environment, rule=rule, actor=actor_of(request), now=now_in(environment))
        except DomainError as error:
            messages.error(request, error.detail)
        else:
            messages.success(request, f"{rule} is {_DONE[verb]}.")
        return HttpResponseRedirect(self.url("change", rule.pk))


def _key(text: str | None) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None
