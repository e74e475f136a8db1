"""Whatever can be configured is in the documents by which environments are copied, or said to be left out."""

from django.apps import apps
from django.db.models import Model

from programs.models import (
    ApiKey,
    ClockChange,
    EarningRuleRevision,
    Environment,
    Picture,
    ProgramShare,
    TokenKey,
)
from programs.queries.configuration import _NEVER, LEFT_OUT, NOUNS, PARTS, copied_fields

NOT_CONFIGURATION = {
    ApiKey,  # keys are of one environment; a reset moves them
    TokenKey,
    ProgramShare,
    ClockChange,
    EarningRuleRevision,  # told with its rule: what is in force
    Picture,  # told with what shows it, by its content
}


def test_every_table_of_an_environment_is_a_noun_a_part_or_left_out() -> None:
    tables = {
        model
        for model in apps.get_app_config("programs").get_models()
        if any(field.name == "environment" for field in model._meta.fields)
    }
    assert tables == {*NOUNS.values(), *PARTS, *NOT_CONFIGURATION}


def test_what_is_left_out_is_there_and_environments_are_named_by_nothing() -> None:
    models: list[type[Model]] = [*NOUNS.values(), *PARTS]
    for model in models:
        left = LEFT_OUT.get(model, frozenset())
        names = {field.name for field in model._meta.concrete_fields}
        assert left <= names
        assert {field.name for field in copied_fields(model)} == names - _NEVER - left
        assert all(field.related_model is not Environment for field in copied_fields(model))
