"""Naming another member on a form: by the whole id, with those whose id begins so to choose from."""

from typing import Any

from django import forms

from audit.errors import NotFound
from loyalty.models import Member
from loyalty.queries.members import find_member, members_beginning, members_of
from programs.admin.widgets import text_area, text_input
from programs.models import Environment

_CHOICES = 8


class OtherMemberForm(forms.Form):
    """`other` is the id of a member who is there; `suggestions` are shown where it is of none."""

    other = forms.CharField(max_length=200, widget=text_input(autocomplete="off"))
    reason = forms.CharField(
        max_length=500, widget=text_area(rows=2), help_text="Why, for whoever reads the ledger."
    )

    def __init__(
        self, *args: Any, environment: Environment, member: Member, label: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.environment, self.member = environment, member
        self.suggestions: list[Member] = []
        self.fields["other"].label = label
        self.fields["other"].help_text = "Their member id, or its beginning to choose from."

    def clean_other(self) -> str:
        """The id of the member it leads to: one that was merged stands for its survivor."""
        asked: str = self.cleaned_data["other"]
        try:
            found = find_member(environment=self.environment, member=asked)
        except NotFound as error:
            self.suggestions = self._beginning_with(asked)
            hint = " Choose one below." if self.suggestions else ""
            raise forms.ValidationError(f"{error.detail}{hint}") from error
        if found.pk == self.member.pk:
            raise forms.ValidationError("Name another member: this is the one whose page you came from.")
        return str(found)

    def _beginning_with(self, text: str) -> list[Member]:
        rows = members_beginning(members_of(self.environment), text).filter(redirect_to=None)
        return list(rows.exclude(pk=self.member.pk)[:_CHOICES])
