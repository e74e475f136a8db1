"""Programs: what metrics and rules belong to."""

from typing import Any

from django.contrib import admin
from django.core.validators import MinValueValidator
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from programs.actions.programs import check_limit, save_program
from programs.admin.base import actor_of, required_environment
from programs.admin.configured import ConfiguredAdmin, ConfiguredForm
from programs.admin.program_parts import parts_of
from programs.models import Program
from programs.queries.plans import has_feature


class ProgramForm(ConfiguredForm):
    def check_instance(self) -> None:
        check_limit(self.environment, self.instance, self.changes())
        super().check_instance()


_RETENTION = (
    "History older than this is not shown, and what was said in it (event data, reasons, metadata, notifications) is"
    " erased every night, for good. Amounts stay. Empty: as the plan says."
)


@admin.register(Program)
class ProgramAdmin(ConfiguredAdmin[Program]):
    form = ProgramForm
    change_form_template = "console/program.html"
    explanation = "A program owns metrics and earning rules. One named “default” comes with the environment."
    first_step = "Add one for each separate scheme, such as a club with its own points."
    list_display = ("name", "code", "state", "starts_at", "ends_at")
    list_filter = ("status",)
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": (("name", "code"), "status")}),
        ("When it runs", {"fields": ("starts_at", "ends_at", "retention_days")}),
    )
    _approvals = ("Adjustments by hand", {"fields": ("adjustment_limit",)})

    def get_fieldsets(self, request: HttpRequest, obj: Program | None = None) -> Any:
        """Without a limit that the plan does not know, unless one is set that may be taken away."""
        is_set = obj is not None and obj.adjustment_limit is not None
        knows = is_set or has_feature(required_environment(request), "approvals")
        return [*self.fieldsets, *([self._approvals] if knows else [])]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """With what belongs to the program: the one page that shows it whole."""
        program: Program | None = context.get("original")
        context["parts"] = parts_of(request, program) if program else []
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        environment = required_environment(request)
        save_program(environment=environment, program=obj, actor=actor_of(request), changes=form.changes())

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "retention_days" and field is not None:
            field.min_value, field.help_text = 1, _RETENTION
            field.validators.append(MinValueValidator(1))
        return field

    @admin.display(description="Status", ordering="status")
    def state(self, program: Program) -> SafeString:
        return format_html(
            '<span class="lc-tag lc-{}">{}</span>', program.status, program.get_status_display()
        )
