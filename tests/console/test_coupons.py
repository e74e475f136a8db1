"""Coupons are made with their item, changed, refused at their fields, and name the challenges that give them."""

from typing import Any

import pytest
from django.test import Client

from programs.models import Coupon, Environment, InventoryItem
from tests import factories
from tests.console.deeds import told
from tests.console.redeemed import text_of
from tests.console.reward_forms import errors_of
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/coupon"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _form(**changes: str) -> dict[str, str]:
    own = {"code_kind": "own", "code": "left over", "code_pattern": "TEA-########"}
    return {"title": "Free tea", "link": "https://shop.example/tea"} | own | changes


def test_makes_one_with_its_item_and_the_chosen_code_alone(
    operator: Client, environment: Environment
) -> None:
    answer = operator.post(f"{PAGE}/add/", _form(show_on_notification="on"))
    made = Coupon.objects.get(environment=environment)
    assert (answer["Location"], told(answer)) == (f"{PAGE}/{made.pk}/change/", "Free tea is saved.")
    assert (made.code, made.code_pattern, made.show_on_notification) == ("", "TEA-########", True)
    assert (made.item.public_id, made.item.inventory_set.public_id) == ("free-tea", "coupons")
    page = text_of(operator.get(answer["Location"]))
    assert "Code: one for each member, such as TEA-" in page
    assert "No challenge gives it yet" in page


def test_changes_one_and_keeps_its_id(operator: Client, environment: Environment) -> None:
    tea = factories.make_coupon(environment)
    challenge = factories.make_challenge(
        factories.reload(environment), rewards=[{"kind": "coupon", "item": tea.item}]
    )
    sent = _form(title="Two teas", public_id="other", code_kind="same", code="TEA2")
    answer = operator.post(f"{PAGE}/{tea.pk}/change/", sent)
    assert told(answer) == "Two teas is saved."
    stored = Coupon.objects.select_related("item").get(pk=tea.pk)
    assert (stored.item.title, stored.item.public_id) == ("Two teas", "tea")
    assert (stored.code, stored.code_pattern) == ("TEA2", "")
    page = text_of(operator.get(f"{PAGE}/"))
    assert "TEA2, for everybody" in page
    assert challenge.title in page
    assert operator.get(answer["Location"]).context["form"].fields["public_id"].disabled


def test_says_at_the_field_what_is_wrong(operator: Client, environment: Environment) -> None:
    factories.make_coupon(environment)
    before = state_of_everything()
    refused = {
        "title": _form(title=""),
        "link": _form(link="not a link"),
        "code": _form(code_kind="same", code=""),
        "code_pattern": _form(code_pattern="TEA-###"),
        "public_id": _form(public_id="tea"),
        "picture_url": _form(picture_url="ftp://example.com/a"),
    }
    for field, sent in refused.items():
        assert list(errors_of(operator.post(f"{PAGE}/add/", sent))) == [field], field
    assert state_of_everything() == before
    assert InventoryItem.objects.count() == 1


def test_an_analyst_reads_it(login: Any, environment: Environment) -> None:
    tea = factories.make_coupon(environment)
    client = login(environment, "analyst")
    page = client.get(f"{PAGE}/{tea.pk}/change/")
    assert "TEA, for everybody" in text_of(page)
    assert '<form method="post" class="lc-card"' not in page.content.decode()
    assert client.post(f"{PAGE}/add/", _form()).status_code == 403
