"""Stamp programs with their members' cards: who is enrolled, how far they are, and how programs are saved."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.urls import URLPattern

from loyalty.admin.stamp_funnel import funnel_csv, funnel_shown
from loyalty.admin.stamp_lowering import falls_due
from loyalty.queries.stamp_lists import enrolled_in, standing_at, to_pay_of
from loyalty.queries.taken import in_words
from programs.actions.pictures import MOST_BYTES, store_picture
from programs.actions.stamp_programs import save_stamp_program
from programs.admin.base import actor_of, required_environment
from programs.admin.stamp_form import PICTURES, StampProgramForm
from programs.admin.stamp_programs import CardsAdmin, Standing
from programs.models import Environment, StampProgram
from programs.queries.environments import now_in


@admin.register(StampProgram)
class StampProgramAdmin(CardsAdmin):
    def get_urls(self) -> list[URLPattern]:
        csv = self.object_page("csv", lambda _request, found: funnel_csv(found), self.reader)
        return [csv, *super().get_urls()]

    def standings(self, stamp_programs: Sequence[StampProgram]) -> Mapping[UUID, Standing]:
        keys = [stamp_program.pk for stamp_program in stamp_programs]
        enrolled, to_pay = enrolled_in(keys), to_pay_of(keys)
        return {key: Standing(in_words(enrolled[key]), in_words(to_pay[key])) for key in keys}

    def due_at(self, stamp_program: StampProgram, threshold: int) -> str:
        return in_words(standing_at(stamp_program, threshold))

    def falls_due(self, stamp_program: StampProgram, threshold: int, amount: int | None) -> str:
        return falls_due(stamp_program, threshold, amount)

    def figures_of(self, request: HttpRequest, stamp_program: StampProgram) -> dict[str, Any]:
        return funnel_shown(stamp_program)

    @transaction.atomic
    def store(self, request: HttpRequest, form: StampProgramForm) -> StampProgram:
        environment = required_environment(request)
        changes = form.changes()
        for field, name in PICTURES:
            changes |= _picture(environment, form, field, name)
        return save_stamp_program(
            environment=environment,
            stamp_program=form.instance,
            actor=actor_of(request),
            now=now_in(environment),
            changes=changes,
        )

    def turn(self, request: HttpRequest, stamp_program: StampProgram, status: str) -> None:
        environment = required_environment(request)
        save_stamp_program(
            environment=environment,
            stamp_program=stamp_program,
            actor=actor_of(request),
            now=now_in(environment),
            changes={"status": status},
        )


def _picture(environment: Environment, form: StampProgramForm, field: str, name: str) -> dict[str, Any]:
    """A file replaces the address and an address the file: a card shows one of both."""
    sent = form.file_sent(name)
    if sent is not None:
        stored = store_picture(environment=environment, data=sent.read(MOST_BYTES + 1))
        return {field: stored, f"{name}_url": ""}
    is_typed = f"{name}_url" in form.changed_data and form.cleaned_data[f"{name}_url"]
    return {field: None} if is_typed or form.cleaned_data.get(f"remove_{name}") else {}
