"""A lower threshold of a stamp program that has begun is asked about before it is saved."""

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from loyalty.actions.lowered_thresholds import settle_cards
from loyalty.models import StampReward
from loyalty.queries import lowered
from programs.models import Environment, Picture, StampProgram
from tests import factories
from tests.console.deeds import told
from tests.console.redeemed import text_of
from tests.console.reward_forms import picture_file
from tests.console.stamp_forms import change_url, purchase, stored_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def coffee(environment: Environment) -> StampProgram:
    """£2.55 for five stamps; ada has four, bob two, cy one."""
    fixed: dict[str, Any] = {"reward_kind": "fixed-reward", "reward_amount": 255}
    made = factories.make_stamp_program(factories.reload(environment), **fixed)
    for member, bought in (("ada", 4), ("bob", 2), ("cy", 1)):
        factories.make_card(environment, made, member)
        for number in range(bought):
            purchase(environment, f"{member}-{number}", member)
    return StampProgram.objects.get(pk=made.pk)


def _form(coffee: StampProgram, threshold: int, **changes: Any) -> dict[str, Any]:
    money = {"reward_kind": "fixed-reward", "reward_money": "2.55"}
    return stored_form(coffee, threshold=str(threshold), **money) | changes


class _Hidden(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "input" and told.get("type") == "hidden" and told.get("name"):
            self.sent[str(told["name"])] = told.get("value") or ""


def _carried(page: Any) -> dict[str, str]:
    """What the page's form sends back."""
    found = _Hidden()
    found.feed(page.content.decode().split("<h2>Lower")[1])
    return found.sent


def _stored(coffee: StampProgram) -> StampProgram:
    return StampProgram.objects.get(pk=coffee.pk)


def test_says_what_falls_due_and_saves_only_then(
    operator: Client, environment: Environment, coffee: StampProgram
) -> None:
    before = state_of_everything()
    asked = operator.post(change_url(coffee), _form(coffee, 2, name="Tea"))
    text = text_of(asked)
    assert "from 5 to 2 stamps?" in text
    assert "2 cards fall due now: 3 rewards, £7.65. This can’t be undone" in text
    assert state_of_everything() == before
    answer = operator.post(change_url(coffee), _carried(asked))
    assert told(answer) == "Tea is saved."
    assert (_stored(coffee).name, _stored(coffee).thresholds) == ("Tea", [5, 2])
    settle_cards(
        environment=factories.reload(environment), actor=factories.make_actor(), now=coffee.created_at
    )
    assert StampReward.objects.filter(stamp_program=coffee).count() == 3


def test_asks_again_where_another_has_changed_it_meanwhile(operator: Client, coffee: StampProgram) -> None:
    carried = _carried(operator.post(change_url(coffee), _form(coffee, 1)))
    asked = operator.post(change_url(coffee), _form(coffee, 3))
    operator.post(change_url(coffee), _carried(asked))
    assert "from 3 to 1 stamp?" in text_of(operator.post(change_url(coffee), carried))
    assert _stored(coffee).thresholds == [5, 3]


def test_says_so_where_nothing_falls_due_and_no_sum_of_prices(
    operator: Client, environment: Environment
) -> None:
    tea = factories.make_stamp_program(factories.reload(environment), name="Tea")
    assert "No card falls due now." in text_of(
        operator.post(change_url(tea), stored_form(tea, threshold="4"))
    )
    factories.make_card(environment, tea)
    purchase(environment, "one")
    text = text_of(operator.post(change_url(tea), stored_form(tea, threshold="1")))
    assert "1 card falls due now: 1 reward. This" in text


def test_counts_no_more_than_it_says(
    operator: Client, coffee: StampProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lowered, "MOST", 2)
    text = text_of(operator.post(change_url(coffee), _form(coffee, 1)))
    assert "More than 2 cards fall due now: more than 6 rewards, more than £15.30." in text


def test_does_not_count_what_is_due_already(operator: Client, coffee: StampProgram) -> None:
    operator.post(change_url(coffee), _carried(operator.post(change_url(coffee), _form(coffee, 2))))
    text = text_of(operator.post(change_url(coffee), _form(coffee, 1)))
    assert "1 card falls due now: 1 reward, £2.55." in text  # cy's; of ada and bob all is due


def test_a_higher_threshold_and_a_drafts_are_saved_at_once(
    operator: Client, environment: Environment
) -> None:
    for name, status, threshold in (("Tea", "active", "7"), ("Draft", "draft", "1")):
        made = factories.make_stamp_program(factories.reload(environment), name=name, status=status)
        answer = operator.post(change_url(made), stored_form(made, threshold=threshold, name=name))
        assert told(answer).endswith(f"{name} is saved.")
        assert _stored(made).threshold == int(threshold)


def test_asks_for_a_picture_again(operator: Client, coffee: StampProgram) -> None:
    asked = operator.post(change_url(coffee), _form(coffee, 2, logo_file=picture_file()))
    text = text_of(asked)
    assert 'type="file" name="logo_file"' in text
    assert 'name="image_file"' not in text
    assert "Choose the picture again" in text
    assert Picture.objects.count() == 0
    operator.post(change_url(coffee), {**_carried(asked), "logo_file": picture_file()})
    assert _stored(coffee).logo == Picture.objects.get()
    assert _stored(coffee).threshold == 2


def test_is_for_operators(login: Any, environment: Environment, coffee: StampProgram) -> None:
    answer = login(environment, "support").post(change_url(coffee), _form(coffee, 1, lowered="5-1"))
    assert answer.status_code == 403
    assert _stored(coffee).thresholds == [5]
