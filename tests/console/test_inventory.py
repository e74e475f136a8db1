"""Inventory sets: a set with its items as rows, which stay while somebody has or gives them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import AuditEvent
from programs.models import Environment, InventoryItem, InventorySet, Picture, Program
from programs.pictures import picture_path
from tests import factories
from tests.console.deeds import told
from tests.console.reward_forms import picture_file
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/inventoryset"
CROWN = ("Golden crown", "crown", "https://cdn.example.com/crown.webp")
STAR = ("Star of the month", "", "")
BLANK = ("", "", "")


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _form(environment: Environment, *items: tuple[str, str, str], **changes: Any) -> dict[str, Any]:
    names = ("title", "id", "media")
    return {
        "title": "Badges",
        "program": str(Program.objects.get(environment=environment).pk),
        **{f"item_{name}": [item[place] for item in items] for place, name in enumerate(names)},
    } | changes


def _items(environment: Environment) -> list[tuple[str, str, str]]:
    items = InventoryItem.objects.filter(environment=environment).order_by("public_id")
    return [(item.title, item.public_id, item.media) for item in items]


@pytest.fixture
def badges(operator: Client, environment: Environment) -> InventorySet:
    operator.post(f"{PAGE}/add/", _form(environment, CROWN, STAR, BLANK))
    return InventorySet.objects.get(environment=environment)


def test_a_set_is_made_with_its_items(environment: Environment, badges: InventorySet) -> None:
    assert badges.title == "Badges"
    assert _items(environment) == [CROWN, ("Star of the month", "star-of-the-month", "")]
    events = AuditEvent.objects.filter(environment_id=environment.pk, object_type="inventoryset")
    assert {event.actor_kind for event in events} == {"staff"}


def test_items_are_changed_added_and_taken_away(
    operator: Client, environment: Environment, badges: InventorySet
) -> None:
    crown = InventoryItem.objects.get(public_id="crown")
    answer = operator.post(
        f"{PAGE}/{badges.pk}/change/",
        _form(environment, ("Crown", "crown", ""), ("Moon", "", ""), title="Medals"),
    )
    assert told(answer).endswith("Medals is saved.")
    assert _items(environment) == [("Crown", "crown", ""), ("Moon", "moon", "")]
    assert InventoryItem.objects.get(public_id="crown").pk == crown.pk


@pytest.mark.parametrize(
    ("items", "row", "words"),
    [
        ([CROWN, ("", "star", "")], 1, "Title: "),
        ([CROWN, ("Star", "crown", "")], 1, "Id: Another item has it"),
        ([("Star", "star", "no address")], 0, "Address of its picture: "),
        ([("x" * 201, "star", "")], 0, "Title: "),
    ],
)
def test_a_faulty_item_is_told_at_its_row(
    operator: Client, environment: Environment, items: list[Any], row: int, words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, *items))
    errors = [found.errors for found in answer.context["rows"]]
    assert [bool(found) for found in errors] == [place == row for place in range(len(items))]
    assert words in errors[row][0]
    assert state_of_everything() == before


def test_a_set_has_a_title(operator: Client, environment: Environment) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, CROWN, title=""))
    assert set(answer.context["form"].errors) == {"title"}
    assert state_of_everything() == before


def test_an_item_that_a_reward_gives_is_not_taken_away(
    operator: Client, environment: Environment, badges: InventorySet
) -> None:
    crown = InventoryItem.objects.get(public_id="crown")
    factories.make_reward(
        factories.reload(environment), name="A crown", kind="inventory_item", gives_item=crown
    )
    url = f"{PAGE}/{badges.pk}/change/"
    assert "A crown" in operator.get(url).content.decode()
    before = state_of_everything()
    answer = operator.post(url, _form(environment, STAR))
    assert "Members have crown, it is a coupon, or a reward gives it" in answer.content.decode()
    assert state_of_everything() == before


def test_who_only_reads_sees_the_items_and_changes_nothing(login: Any, ours: Tenant) -> None:
    client, found = login(ours.environment, "analyst"), ours.rows[InventorySet]
    text = client.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert "ours-crown" in text
    assert "item_title" not in text
    before = state_of_everything()
    for url in (f"{PAGE}/add/", f"{PAGE}/{found.pk}/change/"):
        assert client.post(url, {"title": "x"}).status_code == 403
    assert state_of_everything() == before


def test_another_projects_set_and_program_are_not_there(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client = login(ours.environment, "operator")
    before = state_of_everything()
    program = str(theirs.rows[Program].pk)
    answer = client.post(f"{PAGE}/add/", {"title": "x", "program": program})
    assert set(answer.context["form"].errors) == {"program"}
    answer = client.post(f"{PAGE}/{theirs.rows[InventorySet].pk}/change/", {"title": "x"})
    assert answer["Location"] == f"{PAGE}/"
    assert state_of_everything() == before


def test_an_empty_list_says_what_a_set_is(operator: Client) -> None:
    assert "A set holds items that members can own" in operator.get(f"{PAGE}/").content.decode()


def _pictures(environment: Environment) -> dict[str, int | None]:
    """The width of each item's picture."""
    items = InventoryItem.objects.filter(environment=environment).select_related("picture")
    return {item.public_id: item.picture.width if item.picture else None for item in items}


def test_each_item_has_the_picture_of_its_row(operator: Client, environment: Environment) -> None:
    """An empty row between them, and rows without a file, move no picture to another item."""
    sent = _form(environment, CROWN, BLANK, STAR, ("Moon", "", ""))
    files = {"item_picture_0": picture_file(40), "item_picture_3": picture_file(80)}
    operator.post(f"{PAGE}/add/", sent | files)
    assert _pictures(environment) == {"crown": 40, "star-of-the-month": None, "moon": 80}
    made = InventorySet.objects.get(environment=environment)
    url = f"{PAGE}/{made.pk}/change/"
    for path in (url, f"{PAGE}/"):
        text = operator.get(path).content.decode()
        shown = [picture_path(key) in text for key in Picture.objects.values_list("pk", flat=True)]
        assert shown == [True, True], path
    again = _form(
        environment, ("Moon", "moon", ""), ("Crown", "crown", ""), ("Star", "star-of-the-month", "")
    )
    operator.post(url, again | {"item_without_1": "on", "item_picture_2": picture_file(20)})
    assert _pictures(environment) == {"moon": 80, "crown": None, "star-of-the-month": 20}


def test_a_picture_that_cannot_be_read_is_told_at_its_row_and_nothing_is_kept(
    operator: Client, environment: Environment
) -> None:
    before = state_of_everything()
    broken = SimpleUploadedFile("broken.png", b"no picture", "image/png")
    files = {"item_picture_0": picture_file(), "item_picture_1": broken}
    answer = operator.post(f"{PAGE}/add/", _form(environment, CROWN, STAR) | files)
    first, second = (row.errors for row in answer.context["rows"])
    assert first == ["Choose the picture again: voucher.png was not kept."]
    assert [words.startswith("Picture: Give a JPEG") for words in second] == [True]
    answer = operator.post(
        f"{PAGE}/add/", _form(environment, CROWN, title="") | {"item_picture_0": picture_file()}
    )
    assert set(answer.context["form"].errors) == {"title"}
    assert state_of_everything() == before


def test_an_item_names_the_challenges_that_give_it(
    login: Any, operator: Client, environment: Environment, badges: InventorySet
) -> None:
    crown = InventoryItem.objects.get(public_id="crown")
    factories.make_challenge(
        factories.reload(environment),
        title="Active week",
        rewards=[{"kind": "inventory_item", "item": crown}],
    )
    for client in (operator, login(environment, "analyst")):
        text = client.get(f"{PAGE}/{badges.pk}/change/").content.decode()
        assert text.count(">Active week</a>") == 1
