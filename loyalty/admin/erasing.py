"""Erasing a member: what goes and what stays is said, and the id is typed to confirm (domain.md 10)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.errors import DomainError
from audit.ids import new_id
from loyalty.actions.erasing import erase_member
from loyalty.admin.confirming import once_for
from loyalty.errors import Replay
from loyalty.models import Event, LedgerEntry, Member
from loyalty.queries.balances import balances_of
from loyalty.queries.holds import holds_of
from programs.admin.base import actor_of, form_errors, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import text_input
from programs.queries.environments import now_in


class EraseForm(forms.Form):
    typed = forms.CharField(
        max_length=200, strip=False, widget=text_input(autocomplete="off", spellcheck="false")
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member
        self.fields["typed"].label = "Type the member id to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed.strip() != str(self.member):
            raise forms.ValidationError("That is not this member's id. Nothing was erased.")
        return typed.strip()


def erase_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """One page: what is deleted, what stays, and the field for the id."""
    after = page.url("change", member.pk)
    form = EraseForm(request.POST if request.method == "POST" else None, member=member)
    if request.POST.get("token") and form.is_valid() and _erased(request, member, form):
        return HttpResponseRedirect(after)
    context = _what_goes(request, member) | {"token": new_id().hex, "after": after}
    return page.page(request, "erase.html", f"Erase {member}", form=form, object=member, **context)


def _erased(request: HttpRequest, member: Member, form: EraseForm) -> bool:
    """Erase once for the token. The id that was typed is not kept, not even as a part of a digest."""
    environment = required_environment(request)
    try:
        erase_member(
            environment=environment,
            member=str(member),
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=once_for(request, member, "erase", {}),
        )
    except Replay:
        messages.info(request, "This member is erased.")
        return True
    except DomainError as error:
        form_errors(form, error)
        return False
    messages.success(request, "The member is erased. Only anonymous ledger entries are left.")
    return True


def _what_goes(request: HttpRequest, member: Member) -> dict[str, Any]:
    """What the member has, so that it is plain what is lost."""
    environment = required_environment(request)
    now = now_in(environment)
    balances = balances_of(environment=environment, member_id=member.pk, now=now)
    return {
        "balances": [each for each in balances if each.total or each.pending or each.held],
        "holds": holds_of(environment=environment, now=now, member_id=member.pk, status="open").count(),
        "events": Event.objects.filter(environment_id=environment.pk, member=member).count(),
        "entries": LedgerEntry.objects.filter(environment_id=environment.pk, member=member).count(),
        "merged": list(Member.objects.filter(environment=environment, redirect_to=member)),
    }
