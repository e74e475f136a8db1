"""A file of codes: looked at, confirmed, and added by a worker while its page shows how far that is."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from loyalty.actions.code_uploads import UNFINISHED, look_at_codes, start_upload
from loyalty.admin.codes import uploads_of
from loyalty.admin.keyset import KeysetAdmin
from loyalty.models import CodeUpload
from loyalty.queries.taken import codes_left
from programs.admin.base import TenantAdmin, actor_of, form_errors, may, required_environment
from programs.admin.detail import Crumb, DetailAdmin
from programs.models import Reward


class FileForm(forms.Form):
    file = forms.FileField(
        label="File of codes",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain", "class": "lc-file"}),
        help_text="CSV with the codes in its first column, or plain text with one a line. Up to 1,000,000 lines,"
        " in UTF-8; a heading such as “code” is passed over.",
    )


def upload_page(page: TenantAdmin[Reward], request: HttpRequest, reward: Reward) -> HttpResponse:
    """Asks for the file; a post looks at it, adds nothing, and goes to its preview."""
    environment = required_environment(request)
    form = FileForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        try:
            upload = look_at_codes(
                environment=environment,
                reward=reward,
                file_name=sent.name,
                data=sent.read(settings.LARGEST_CODE_FILE + 1),  # so that a larger one is seen to be larger
                actor=actor_of(request),
                now=timezone.now(),
            )
        except DomainError as error:
            form_errors(form, error)
        else:
            return HttpResponseRedirect(reverse("admin:loyalty_codeupload_change", args=[upload.pk]))
    context = {
        "object": reward,
        "original": Crumb(reward, str(reward)),
        "form": form,
        "is_pool": reward.code_source == Reward.CodeSource.POOL,
        "left": codes_left([reward.pk], most=None)[reward.pk],
        "uploads": uploads_of(reward),
    }
    return page.page(request, "code_upload_form.html", f"Upload codes for {reward}", **context)


@admin.register(CodeUpload)
class CodeUploadAdmin(KeysetAdmin[CodeUpload], DetailAdmin[CodeUpload]):
    detail_template = "code_upload.html"
    explanation = "An upload adds a file of codes to a reward's pool."
    first_step = "Open a reward whose codes are uploaded and choose “Upload codes”."
    list_display = ("file", "reward_name", "state", "added", "created_at")
    list_filter = ("status",)
    list_select_related = ("reward",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeUpload]:
        return super().get_queryset(request).select_related("reward").defer("content")

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("start", self.start, "operator"), *super().get_urls()]

    @admin.display(description="File")
    def file(self, upload: CodeUpload) -> str:
        return upload.file_name

    @admin.display(description="Reward")
    def reward_name(self, upload: CodeUpload) -> str:
        return upload.reward.name

    @admin.display(description="Status")
    def state(self, upload: CodeUpload) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', upload.status, upload.get_status_display())

    def detail_title(self, found: CodeUpload) -> str:
        return found.file_name

    def detail(self, request: HttpRequest, found: CodeUpload) -> dict[str, Any]:
        return {
            "unfinished": found.status in UNFINISHED,
            "is_preview": found.status == CodeUpload.Status.PREVIEW,
            "untold": max(0, found.duplicates + found.invalid - len(found.problems)),
            "seconds": found.finished_at and (found.finished_at - found.created_at).total_seconds(),
            "left": codes_left([found.reward_id], most=None)[found.reward_id],
            "may_operate": may(request, "operator"),
        }

    def start(self, request: HttpRequest, upload: CodeUpload) -> HttpResponse:
        """A post lets a worker add what was looked at."""
        if request.method == "POST":
            try:
                start_upload(
                    environment=required_environment(request), upload=upload.pk, actor=actor_of(request)
                )
            except DomainError as error:
                messages.error(request, error.detail)
        return HttpResponseRedirect(self.url("change", upload.pk))
