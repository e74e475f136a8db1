"""Programs: what metrics and rules belong to."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from programs.admin.configured import ConfiguredAdmin
from programs.models import Program


@admin.register(Program)
class ProgramAdmin(ConfiguredAdmin[Program]):
    explanation = "A program owns metrics and earning rules. One named “default” comes with the environment."
    first_step = "Add one for each separate scheme, such as a club with its own points."
    list_display = ("name", "code", "state", "starts_at", "ends_at")
    list_filter = ("status",)
    search_fields = ("name", "code")
    fieldsets = (
        (None, {"fields": (("name", "code"), "status")}),
        ("When it runs", {"fields": (("starts_at", "ends_at"), "retention_days")}),
    )

    @admin.display(description="Status", ordering="status")
    def state(self, program: Program) -> SafeString:
        return format_html(
            '<span class="lc-tag lc-{}">{}</span>', program.status, program.get_status_display()
        )
