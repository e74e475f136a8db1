"""Earning rules: written as drafts, published as revisions, archived and never deleted."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from audit.errors import DomainError
from programs.actions.publish import archive, definition_of, publish, published_revision
from programs.actions.rules import save_rule
from programs.admin.base import actor_of, may, require, required_environment
from programs.admin.configured import ConfiguredAdmin
from programs.admin.rule_form import EarningRuleForm, sentence_for, sentence_of
from programs.admin.tables import Difference, diff_of
from programs.awards import describe_award, describe_rule
from programs.conditions import FaultyConfigurationError, describe
from programs.models import EarningRule, EarningRuleRevision, Metric, Program
from programs.queries.environments import now_in

if TYPE_CHECKING:
    from collections.abc import Callable


@admin.register(EarningRule)
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
        (None, {"fields": ("name", ("program", "metric"), ("event_type", "priority"))}),
        (None, {"fields": ("condition",)}),
        (None, {"fields": ("award_kind", "award_points", "award_rate", "award_step", "award_field")}),
    )

    def save_model(self, request: HttpRequest, obj: EarningRule, form: Any, change: bool) -> None:
        environment = required_environment(request)
        save_rule(environment=environment, rule=obj, actor=actor_of(request), changes=form.changes())

    def get_urls(self) -> list[URLPattern]:
        sentence = self.admin_site.admin_view(require_POST(self.sentence))
        own = [
            path("sentence/", sentence, name="programs_earningrule_sentence"),
            self.object_page("publish", self.publish, "operator"),
            self.object_page("archive", self.archive, "operator"),
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
            newest = published_revision(stored)
            context |= {
                "sentence": sentence_of(stored),
                "rule": stored,
                "newest": newest,
                "is_unpublished": newest is None or newest.definition != definition_of(stored),
                "revisions": [(revision, _words_of(revision)) for revision in stored.revisions.all()],
            }
        context["may_operate"] = may(request, "operator")
        return super().render_change_form(request, context, *args, **kwargs)

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
            "diff": _differences(newest, rule),
            "sentence": sentence_of(rule),
            "newest": newest,
            "now": now_in(required_environment(request)),
        }
        return self._step(request, rule, publish, "Publish", "rule_publish.html", context)

    def archive(self, request: HttpRequest, rule: EarningRule) -> HttpResponse:
        return self._step(request, rule, archive, "Archive", "rule_archive.html", {})

    def _step(
        self,
        request: HttpRequest,
        rule: EarningRule,
        action: "Callable[..., Any]",
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
            messages.success(request, f"{rule} is {verb.lower().removesuffix('e')}ed.")
        return HttpResponseRedirect(self.url("change", rule.pk))


def _key(text: str | None) -> str | None:
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def _differences(newest: EarningRuleRevision | None, rule: EarningRule) -> list[Difference]:
    before = newest.definition if newest else None
    return diff_of(before and _readable(before), _readable(definition_of(rule)))


def _words_of(revision: EarningRuleRevision) -> str:
    """What a revision says, in a sentence."""
    if revision.definition is None:
        return "Archived: the rule was taken out of force."
    written = revision.definition
    title = _metric_title(written)
    try:
        return describe_rule(written["event_type"], written["condition"], written["award"], title)
    except FaultyConfigurationError as error:
        return str(error)


def _metric_title(definition: dict[str, Any]) -> str:
    metric = Metric.objects.filter(pk=definition["metric_id"]).first()
    return metric.title if metric else "points"


def _readable(definition: dict[str, Any]) -> dict[str, Any]:
    """A revision's definition with condition and award in words, program and metric by their names."""
    title = _metric_title(definition)
    program = Program.objects.filter(pk=definition["program_id"]).first()
    try:
        condition = describe(definition.get("condition"))
        award = describe_award(definition.get("award"), title)
    except FaultyConfigurationError as error:
        condition, award = str(error), str(definition.get("award"))
    return {
        "Name": definition.get("name"),
        "Program": program.name if program else None,
        "Event type": definition.get("event_type"),
        "Condition": condition,
        "Award": award,
        "Metric": title,
        "Priority": definition.get("priority"),
    }
