"""The catalogue: rewards of every kind are made, changed, refused in words at their fields, and turned on and off."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from audit.models import AuditEvent
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.models import RewardStock
from programs.models import Environment, InventoryItem, InventorySet, Metric, Picture, Program, Reward, Tier
from tests import factories
from tests.api.test_statement_budgets import statements
from tests.console.deeds import told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/reward"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def _form(environment: Environment, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Ten pounds off",
        "program": str(Program.objects.get(environment=environment).pk),
        "metric": str(Metric.objects.get(environment=environment, code="points").pk),
        "kind": "discount",
        "cost_kind": "fixed",
        "points": "200",
        "discount_amount": "10",
        "currency": "gbp",
        "condition": "{}",
        "limit_per": "ever",
        "code_source": "none",
        "fulfilment": "automatic",
    } | changes


def _picture(side: int = 60) -> SimpleUploadedFile:
    written = BytesIO()
    Image.new("RGB", (side, side), "#4f46e5").save(written, "PNG")
    return SimpleUploadedFile("voucher.png", written.getvalue(), "image/png")


def _tier_input(code: str) -> str:
    return f"tier_points_{Tier.objects.get(code=code).pk.hex}"


def _errors(answer: Any) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in answer.context["form"].errors.items()}


def test_a_reward_is_made_as_a_draft_with_its_stock(operator: Client, environment: Environment) -> None:
    version = factories.reload(environment).config_version
    limit = {"stock": "100", "limit_times": "1", "limit_per": "month"}
    answer = operator.post(f"{PAGE}/add/", _form(environment, **limit))
    reward = Reward.objects.get(environment=environment)
    assert answer["Location"] == f"{PAGE}/{reward.pk}/change/"
    assert told(answer) == "Ten pounds off is saved."
    assert (reward.status, reward.points, reward.discount_amount, reward.currency) == (
        "draft",
        200,
        Decimal(10),
        "GBP",
    )
    assert (reward.limit_times, reward.limit_per) == (1, "month")
    assert RewardStock.objects.values_list("stock", "taken").get(reward=reward) == (100, 0)
    assert factories.reload(environment).config_version > version
    events = AuditEvent.objects.filter(environment_id=environment.pk, object_type="reward").order_by("id")
    assert list(events.values_list("verb", "actor_kind")) == [
        ("reward.created", "staff"),
        ("reward.stock_changed", "staff"),
    ]


def test_the_form_begins_with_the_first_program_and_its_metric(
    operator: Client, environment: Environment
) -> None:
    form = operator.get(f"{PAGE}/add/").context["form"]
    program = Program.objects.get(environment=environment)
    assert (form["program"].value(), form["metric"].value()) == (program.pk, program.metrics.get().pk)
    assert form["code_pattern"].value() == "REDEEM-########"


def test_members_of_tiers_pay_what_their_inputs_say(operator: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("bronze", "0"), ("silver", "250"), ("gold", "750"))
    costs = {_tier_input("silver"): "180", _tier_input("gold"): "0", _tier_input("bronze"): ""}
    operator.post(f"{PAGE}/add/", _form(environment, **costs))
    reward = Reward.objects.get(environment=environment)
    assert reward.tier_points == {"silver": 180, "gold": 0}
    page = operator.get(f"{PAGE}/{reward.pk}/change/")
    shown = [str(field.value()) for _, field in page.context["form"].tier_inputs()]
    assert shown == ["", "180", "0"]
    assert page.context["sentence"] == "200 points, 180 for Silver, 0 for Gold, buy £10 off."


def test_each_kind_keeps_what_it_needs_alone(operator: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("bronze", "0"), ("gold", "750"))
    coins = factories.make_metric(environment, "coins")
    made = save_inventory_set(
        environment=factories.reload(environment),
        inventory_set=InventorySet(
            environment=environment, program=Program.objects.get(environment=environment)
        ),
        actor=factories.make_actor(),
        changes={"title": "Badges"},
        items=[{"id": "crown", "title": "Crown"}],
    )
    gold, crown = Tier.objects.get(code="gold"), InventoryItem.objects.get(inventory_set=made)
    everything = {
        "gives_metric": str(coins.pk),
        "gives_points": "50",
        "gives_tier": str(gold.pk),
        "gives_item": str(crown.pk),
    }
    said = {}
    for kind in ("metric", "cashback", "tier_upgrade", "inventory_item", "custom"):
        operator.post(f"{PAGE}/add/", _form(environment, name=kind, kind=kind, **everything))
        reward = Reward.objects.get(environment=environment, kind=kind)
        gives = [reward.gives_metric, reward.gives_points, reward.gives_tier, reward.gives_item]
        said[kind] = [str(one) for one in gives if one is not None]
    assert said == {
        "metric": ["Coins", "50"],
        "cashback": ["Coins"],
        "tier_upgrade": ["Gold"],
        "inventory_item": ["Crown"],
        "custom": [],
    }


def test_a_variable_cost_has_bounds_and_a_rate(operator: Client, environment: Environment) -> None:
    bounds = {"min_points": "500", "max_points": "5000", "step_points": "500", "value_per_point": "0.01"}
    operator.post(f"{PAGE}/add/", _form(environment, kind="cashback", cost_kind="variable", **bounds))
    reward = Reward.objects.get(environment=environment)
    assert (reward.points, reward.discount_amount, reward.min_points, reward.step_points) == (
        None,
        None,
        500,
        500,
    )
    page = operator.get(f"{PAGE}/{reward.pk}/change/")
    assert (
        page.context["sentence"] == "500 to 5,000 points in steps of 500 buy £5 to £50 back, £0.01 for each."
    )
    assert page.context["form"]["value_per_point"].value() == "0.01"


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"points": ""}, "points", "Say how many points it costs"),
        ({"points": "many"}, "points", "whole number"),
        ({"currency": ""}, "currency", "Give the currency"),
        ({"discount_percent": "5"}, "discount_percent", "not both"),
        ({"discount_amount": "10.001"}, "discount_amount", "2 digits"),
        ({"kind": "metric"}, "gives_metric", "Say what it gives"),
        ({"kind": "tier_upgrade"}, "gives_tier", "Say what it gives"),
        ({"kind": "inventory_item"}, "gives_item", "Say what it gives"),
        ({"kind": "custom", "cost_kind": "variable"}, "cost_kind", "Only discounts"),
        ({"code_source": "generated", "code_pattern": "AB-##"}, "code_pattern", "At least 6"),
        (
            {"starts_at": "2026-11-02T00:00:00", "ends_at": "2026-11-01T00:00:00"},
            "ends_at",
            "after starts_at",
        ),
        ({"stock": "-1"}, "stock", "greater than or equal to 0"),
        ({"condition": "{"}, "condition", "JSON"),
        ({"program": ""}, "program", "required"),
    ],
)
def test_a_fault_is_told_at_its_field(
    operator: Client, environment: Environment, wrong: dict[str, str], field: str, words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, **wrong))
    assert answer.status_code == 200
    assert words in " ".join(_errors(answer)[field])
    assert "Nothing is saved yet" in answer.content.decode()
    assert state_of_everything() == before


def test_a_condition_asks_only_what_is_known_of_a_member(operator: Client, environment: Environment) -> None:
    before = state_of_everything()
    gold = '{"field": "member.tier", "op": "eq", "value": "gold"}'
    unknown = f'{{"all": [{gold}, {{"field": "data.amount", "op": "gt", "value": 1}}]}}'
    answer = operator.post(f"{PAGE}/add/", _form(environment, condition=unknown))
    assert "data.amount is not known when a reward is redeemed" in _errors(answer)["condition"][0]
    faulty = f'{{"all": [{gold}, {{"field": "member.age_days", "op": "gte", "value": "x"}}]}}'
    answer = operator.post(f"{PAGE}/add/", _form(environment, condition=faulty))
    assert _errors(answer)["condition"][0].startswith("Condition 2: ")
    assert state_of_everything() == before


def test_a_cost_of_a_tier_that_is_no_number_is_told_at_its_input(
    operator: Client, environment: Environment
) -> None:
    factories.make_ladder(environment, ("bronze", "0"), ("gold", "750"))
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, **{_tier_input("gold"): "cheap"}))
    assert list(_errors(answer)) == [_tier_input("gold")]
    assert state_of_everything() == before


def test_program_and_metric_stay_as_they_were_made(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment))
    coins = factories.make_metric(environment, "coins")
    operator.post(
        f"{PAGE}/{reward.pk}/change/", _form(environment, metric=str(coins.pk), kind="custom", points="70")
    )
    reward.refresh_from_db()
    assert (reward.points, reward.metric.code) == (70, "points")


def test_stock_is_not_set_below_what_is_taken(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment), points=0, stock=5)
    for member in ("ada", "bob"):
        factories.buy(environment, reward.public_id, member)
    url = f"{PAGE}/{reward.pk}/change/"
    before = state_of_everything()
    answer = operator.post(url, _form(environment, kind="custom", points="0", stock="1"))
    assert _errors(answer) == {"stock": ["2 of them are taken already; give at least that."]}
    assert state_of_everything() == before
    assert operator.get(url).context["form"]["stock"].value() == 5
    operator.post(url, _form(environment, kind="custom", points="0", stock="2"))
    assert operator.get(url).context["obstacles"] == ["All of them are taken: raise the stock to offer more."]
    operator.post(url, _form(environment, kind="custom", points="0", stock=""))
    assert RewardStock.objects.values_list("stock", "taken").get(reward=reward) == (None, 2)


def test_money_goes_when_the_kind_changes_to_one_without(operator: Client, environment: Environment) -> None:
    operator.post(f"{PAGE}/add/", _form(environment))
    reward = Reward.objects.get(environment=environment)
    operator.post(f"{PAGE}/{reward.pk}/change/", _form(environment, kind="custom"))
    reward.refresh_from_db()
    assert (reward.kind, reward.discount_amount, reward.currency) == ("custom", None, "")


def test_a_picture_is_stored_shown_and_taken_away(operator: Client, environment: Environment) -> None:
    operator.post(f"{PAGE}/add/", _form(environment, picture_file=_picture()))
    reward = Reward.objects.get(environment=environment)
    picture = Picture.objects.get(environment=environment)
    url = f"{PAGE}/{reward.pk}/change/"
    assert reward.picture == picture
    for page in (operator.get(url), operator.get(f"{PAGE}/")):
        assert f'src="/pictures/{picture.pk}.webp"' in page.content.decode()
    operator.post(url, _form(environment))
    reward.refresh_from_db()
    assert reward.picture == picture
    operator.post(url, _form(environment, remove_picture="on"))
    reward.refresh_from_db()
    assert reward.picture is None


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (SimpleUploadedFile("a.png", b"<svg onload='x'></svg>", "image/png"), "can't be read"),
        (SimpleUploadedFile("a.png", b"\x89PNG" + b"0" * (5 * 2**20), "image/png"), "At most 5 MiB"),
    ],
    ids=["no picture", "too large"],
)
def test_a_bad_picture_is_told_at_its_field(
    operator: Client, environment: Environment, sent: SimpleUploadedFile, words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", _form(environment, picture_file=sent))
    assert words in _errors(answer)["picture_file"][0]
    assert state_of_everything() == before


# -- the list


def test_the_list_tells_what_is_left_and_what_is_taken(operator: Client, environment: Environment) -> None:
    mug = factories.make_reward(factories.reload(environment), name="Mug", points=0, stock=5)
    tea = factories.make_reward(factories.reload(environment), name="Tea", points=0)
    factories.make_reward(factories.reload(environment), name="Voucher", code_source="pool")
    for reward in (mug, tea):
        factories.buy(environment, reward.public_id)
    page = operator.get(f"{PAGE}/")
    admin = page.context["cl"].model_admin
    rows = [
        (reward.name, str(reward.shelf.stock.left), reward.shelf.taken, str(admin.codes(reward)))
        for reward in page.context["cl"].result_list
    ]
    assert [row[:3] for row in rows] == [("Mug", "4", "1"), ("Tea", "None", "1"), ("Voucher", "None", "0")]
    assert "none" in rows[2][3]
    assert "4 of 5" in page.content.decode()


def test_the_list_is_filtered_by_status_and_kind(operator: Client, environment: Environment) -> None:
    for name, kind, status in (("Mug", "free_product", "active"), ("Talk", "early_access", "draft")):
        factories.make_reward(factories.reload(environment), name=name, kind=kind, status=status)
    found = {
        query: [reward.name for reward in operator.get(f"{PAGE}/?{query}").context["cl"].result_list]
        for query in ("status__exact=draft", "kind__exact=free_product", "q=mug", "status__exact=archived")
    }
    assert found == {
        "status__exact=draft": ["Talk"],
        "kind__exact=free_product": ["Mug"],
        "q=mug": ["Mug"],
        "status__exact=archived": [],
    }


def test_an_empty_catalogue_says_what_a_reward_is(operator: Client) -> None:
    text = operator.get(f"{PAGE}/").content.decode()
    assert "No rewards yet" in text
    assert "A reward is what members get for their points" in text
    assert f'href="{PAGE}/add/"' in text


def test_a_list_of_many_asks_no_more_than_one_of_few(operator: Client, environment: Environment) -> None:
    def asked() -> int:
        operator.get(f"{PAGE}/")
        return len(statements(lambda: operator.get(f"{PAGE}/")))

    factories.make_reward(factories.reload(environment), name="First", code_source="pool")
    few = asked()
    for number in range(4):
        factories.make_reward(factories.reload(environment), name=f"R{number}", code_source="pool", stock=1)
    assert asked() == few


# -- in words, while it is filled in


def test_what_is_on_the_screen_is_put_in_words_and_shown_as_members_see_it(
    operator: Client, environment: Environment
) -> None:
    before = state_of_everything()
    typed = {
        "stock": "100",
        "limit_times": "2",
        "limit_per": "week",
        "code_source": "generated",
        "code_pattern": "SHOP-########",
        "name": "<b>Ten</b>",
        "fulfilment": "manual",
        "condition": '{"field": "member.tier", "op": "eq", "value": "gold"}',
    }
    said = operator.post(f"{PAGE}/sentence/", _form(environment, **typed)).json()
    assert said["sentence"] == (
        f"200 points buy £10 off; twice a week; only where the tier is gold; with a code such as {said['example']}; "
        "handed out by your staff; 100 of 100 left."
    )
    assert said["example"].startswith("SHOP-")
    assert "&lt;b&gt;Ten&lt;/b&gt;" in said["card"]
    assert "<b>" not in said["card"]
    assert "£10 off" in said["card"]
    assert state_of_everything() == before


def test_what_is_missing_is_said_with_the_names_of_the_fields(
    operator: Client, environment: Environment
) -> None:
    said = operator.post(f"{PAGE}/sentence/", _form(environment, points="", currency="")).json()
    assert said["sentence"] == ""
    assert said["faults"] == [
        "Points: Say how many points it costs; 0: nothing.",
        "Currency: Give the currency, as an ISO 4217 code.",
    ]
    assert operator.post(f"{PAGE}/sentence/", {}).status_code == 200


def test_the_words_of_a_stored_reward_know_what_is_taken(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment), points=0, stock=5)
    factories.buy(environment, reward.public_id)
    typed = _form(environment, name="Coffee", kind="custom", points="0", stock="10", discount_amount="")
    said = operator.post(f"{PAGE}/sentence/?reward={reward.pk}", typed).json()
    assert said["sentence"] == "Coffee for nothing; 9 of 10 left."


# -- on and off


def test_a_reward_is_activated_paused_archived_and_brought_back(
    operator: Client, environment: Environment
) -> None:
    reward = factories.make_reward(factories.reload(environment), status="draft")
    seen = []
    for verb in ("activate", "pause", "archive", "bring-back"):
        url = f"{PAGE}/{reward.pk}/{verb}/"
        before = state_of_everything()
        assert operator.get(url).status_code == 200
        assert state_of_everything() == before
        answer = operator.post(url)
        assert answer["Location"] == f"{PAGE}/{reward.pk}/change/"
        reward.refresh_from_db()
        seen.append((verb, reward.status, told(answer)))
    assert seen == [
        ("activate", "active", "Coffee is active."),
        ("pause", "paused", "Coffee is paused."),
        ("archive", "archived", "Coffee is archived."),
        ("bring-back", "paused", "Coffee is back, and paused."),
    ]


def test_activating_says_why_nobody_could_have_it(operator: Client, environment: Environment) -> None:
    later = datetime(2090, 5, 1, 9, tzinfo=UTC)
    reward = factories.make_reward(
        factories.reload(environment), status="draft", code_source="pool", stock=0, starts_at=later
    )
    text = operator.get(f"{PAGE}/{reward.pk}/activate/").content.decode()
    for words in (
        "It can be redeemed from 1 May 2090, 09:00.",
        "All of them are taken",
        "No code is left",
    ):
        assert words in text


def test_a_reward_that_is_over_or_of_a_paused_program_says_so(
    operator: Client, environment: Environment
) -> None:
    past = timezone.now() - timedelta(days=3)
    reward = factories.make_reward(factories.reload(environment), ends_at=past)
    Program.objects.filter(environment=environment).update(status="paused")
    found = operator.get(f"{PAGE}/{reward.pk}/change/").context["obstacles"]
    assert [words.split(" ")[:3] for words in found] == [["Its", "program", "Default"], ["It", "ended", "on"]]


# -- who may


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_who_only_reads_sees_words_and_changes_nothing(login: Any, ours: Tenant, role: str) -> None:
    client, reward = login(ours.environment, role), ours.rows[Reward]
    page = client.get(f"{PAGE}/{reward.pk}/change/")
    assert page.context["form"] is None
    assert "<dt>Who may have it</dt>" in page.content.decode()
    before = state_of_everything()
    for url in (
        f"{PAGE}/add/",
        f"{PAGE}/{reward.pk}/change/",
        f"{PAGE}/sentence/",
        *(f"{PAGE}/{reward.pk}/{verb}/" for verb in ("activate", "pause", "archive", "bring-back")),
    ):
        assert client.post(url, _form_of(ours)).status_code == 403
    assert client.get(f"{PAGE}/add/").status_code == 403
    assert state_of_everything() == before


def _form_of(tenant: Tenant) -> dict[str, Any]:
    metric = tenant.rows[Metric]
    return {"name": "x", "kind": "custom", "metric": str(metric.pk), "cost_kind": "fixed", "points": "1"}


def test_nothing_of_another_project_can_be_given_or_named(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client = login(ours.environment, "operator")
    before = state_of_everything()
    item = InventoryItem.objects.get(inventory_set=theirs.rows[InventorySet].pk)
    tier = Tier.objects.get(environment=theirs.environment)
    metric = theirs.rows[Metric]
    for forged in (
        {"kind": "inventory_item", "gives_item": str(item.pk)},
        {"kind": "tier_upgrade", "gives_tier": str(tier.pk)},
        {"kind": "metric", "gives_metric": str(metric.pk), "gives_points": "5"},
        {"metric": str(metric.pk)},
        {"program": str(theirs.rows[Program].pk)},
    ):
        answer = client.post(f"{PAGE}/add/", _form(ours.environment, metric=_own_metric(ours)) | forged)
        assert set(_errors(answer)) & {"gives_item", "gives_tier", "gives_metric", "metric", "program"}
    asked = client.post(f"{PAGE}/sentence/?reward={theirs.rows[Reward].pk}", _form_of(ours))
    assert theirs.mark not in asked.content.decode()
    assert state_of_everything() == before


def _own_metric(tenant: Tenant) -> str:
    return str(tenant.rows[Metric].pk)


def test_the_catalogue_is_in_the_sidebar(login: Any, environment: Environment) -> None:
    text = login(environment, "analyst").get("/console/").content.decode()
    for path in (f"{PAGE}/", "/console/programs/inventoryset/", f"{PAGE}/figures/"):
        assert f'href="{path}"' in text
