"""What rows of the trail are about: the one table that pages, lines and search go by."""

import pytest
from django.db.models import Model

from audit.ids import new_id, public
from loyalty.queries.trail_objects import OBJECTS
from loyalty.queries.trail_search import named_in_trail
from programs.models import Environment

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("object_type", OBJECTS)
def test_each_is_of_a_program(object_type: str) -> None:
    one = OBJECTS[object_type]
    assert list(one.rows.filter(pk=new_id()).values_list(one.program)) == []


@pytest.mark.parametrize("prefix", sorted({one.prefix for one in OBJECTS.values() if one.prefix}))
def test_a_members_own_are_looked_up_by_their_public_id(prefix: str, environment: Environment) -> None:
    assert named_in_trail(environment, public(prefix, new_id())) is not None


def test_no_two_are_named_alike() -> None:
    prefixes = [one.prefix for one in OBJECTS.values() if one.prefix]
    models: list[type[Model]] = [one.model for one in OBJECTS.values()]
    assert len(set(prefixes)) == len(prefixes)
    assert len(set(models)) == len(models)
