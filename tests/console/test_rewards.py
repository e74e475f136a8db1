"""Rewards of every kind are made, changed, and refused in words at their fields."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.models import AuditEvent
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.admin.redemption_words import worth
from loyalty.models import RewardStock
from programs.admin.reward_words import value_words
from programs.models import Environment, InventoryItem, InventorySet, Metric, Picture, Program, Reward, Tier
from tests import factories
from tests.console.deeds import told
from tests.console.reward_forms import PAGE, errors_of, picture_file, reward_form, tier_input
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def test_a_reward_is_made_as_a_draft_with_its_stock(operator: Client, environment: Environment) -> None:
    version = factories.reload(environment).config_version
    limit = {"stock": "100", "limit_times": "1", "limit_per": "month"}
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, **limit))
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
    costs = {tier_input("silver"): "180", tier_input("gold"): "0", tier_input("bronze"): ""}
    operator.post(f"{PAGE}/add/", reward_form(environment, **costs))
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
        operator.post(f"{PAGE}/add/", reward_form(environment, name=kind, kind=kind, **everything))
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
    operator.post(f"{PAGE}/add/", reward_form(environment, kind="cashback", cost_kind="variable", **bounds))
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
        ({"code_source": "generated", "code_pattern": "AB-##"}, "code_pattern", "At least 8"),
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
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, **wrong))
    assert answer.status_code == 200
    assert words in " ".join(errors_of(answer)[field])
    assert "Nothing is saved yet" in answer.content.decode()
    assert state_of_everything() == before


def test_a_condition_asks_only_what_is_known_of_a_member(operator: Client, environment: Environment) -> None:
    before = state_of_everything()
    gold = '{"field": "member.tier", "op": "eq", "value": "gold"}'
    unknown = f'{{"all": [{gold}, {{"field": "data.amount", "op": "gt", "value": 1}}]}}'
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, condition=unknown))
    assert "data.amount is not known when a reward is redeemed" in errors_of(answer)["condition"][0]
    nothing = f'{{"all": [{gold}, {{"field": "points", "op": "eq", "value": 1}}]}}'
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, condition=nothing))
    fields = "fields here are member.… and event.occurred_at.…"
    assert errors_of(answer)["condition"] == [f"Condition 2: There is no field points; {fields}"]
    faulty = f'{{"all": [{gold}, {{"field": "member.age_days", "op": "gte", "value": "x"}}]}}'
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, condition=faulty))
    assert errors_of(answer)["condition"][0].startswith("Condition 2: ")
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"field": "member.tier", "op": "eq", "value": ""}', "Give a value."),
        ('{"field": "member.tier", "op": "ne", "value": ""}', "Give a value."),
        ('{"field": "member.tier", "op": "in", "value": ["gold", ""]}', "Give a value."),
        ('{"field": "member.age_days", "op": "gte", "value": ""}', "Give a value."),
        ('{"field": "", "op": "eq", "value": "gold"}', "Choose a field."),
        ('{"field": "", "op": "eq", "value": ""}', "Choose a field."),
    ],
)
def test_a_row_that_is_half_filled_is_refused_by_its_number(
    operator: Client, environment: Environment, row: str, words: str
) -> None:
    before = state_of_everything()
    gold = '{"field": "member.tier", "op": "eq", "value": "gold"}'
    condition = f'{{"all": [{gold}, {{"any": [{gold}, {row}]}}]}}'
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, condition=condition))
    assert errors_of(answer)["condition"] == [f"Condition 2.2: {words}"]
    assert state_of_everything() == before


def test_the_window_says_in_which_time_zone_it_is(operator: Client) -> None:
    fields = operator.get(f"{PAGE}/add/").context["form"].fields
    for name in ("starts_at", "ends_at"):
        assert fields[name].help_text.startswith("In the project's time zone.")


def test_money_and_percent_are_written_in_one_way() -> None:
    ten, thousand = Decimal("10.000"), Decimal("1000.5")
    reward = Reward(kind="discount", cost_kind="fixed", discount_percent=ten)
    assert (value_words(reward), worth("discount", None, ten, "")) == ("10% off", "10% off")
    reward = Reward(kind="cashback", cost_kind="fixed", discount_amount=thousand, currency="GBP")
    assert (value_words(reward), worth("cashback", thousand, None, "GBP")) == ("£1,000.50 back",) * 2


def test_a_cost_of_a_tier_that_is_no_number_is_told_at_its_input(
    operator: Client, environment: Environment
) -> None:
    factories.make_ladder(environment, ("bronze", "0"), ("gold", "750"))
    before = state_of_everything()
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, **{tier_input("gold"): "cheap"}))
    assert list(errors_of(answer)) == [tier_input("gold")]
    assert state_of_everything() == before


def test_program_and_metric_stay_as_they_were_made(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment))
    coins = factories.make_metric(environment, "coins")
    operator.post(
        f"{PAGE}/{reward.pk}/change/",
        reward_form(environment, metric=str(coins.pk), kind="custom", points="70"),
    )
    reward.refresh_from_db()
    assert (reward.points, reward.metric.code) == (70, "points")


def test_stock_is_not_set_below_what_is_taken(operator: Client, environment: Environment) -> None:
    reward = factories.make_reward(factories.reload(environment), points=0, stock=5)
    for member in ("ada", "bob"):
        factories.buy(environment, reward.public_id, member)
    url = f"{PAGE}/{reward.pk}/change/"
    before = state_of_everything()
    answer = operator.post(url, reward_form(environment, kind="custom", points="0", stock="1"))
    assert errors_of(answer) == {"stock": ["2 of them are taken already; give at least that."]}
    assert state_of_everything() == before
    assert operator.get(url).context["form"]["stock"].value() == 5
    operator.post(url, reward_form(environment, kind="custom", points="0", stock="2"))
    assert operator.get(url).context["obstacles"] == ["All of them are taken: raise the stock to offer more."]
    operator.post(url, reward_form(environment, kind="custom", points="0", stock=""))
    assert RewardStock.objects.values_list("stock", "taken").get(reward=reward) == (None, 2)


def test_money_goes_when_the_kind_changes_to_one_without(operator: Client, environment: Environment) -> None:
    operator.post(f"{PAGE}/add/", reward_form(environment))
    reward = Reward.objects.get(environment=environment)
    operator.post(f"{PAGE}/{reward.pk}/change/", reward_form(environment, kind="custom"))
    reward.refresh_from_db()
    assert (reward.kind, reward.discount_amount, reward.currency) == ("custom", None, "")


def test_a_picture_is_stored_shown_and_taken_away(operator: Client, environment: Environment) -> None:
    operator.post(f"{PAGE}/add/", reward_form(environment, picture_file=picture_file()))
    reward = Reward.objects.get(environment=environment)
    picture = Picture.objects.get(environment=environment)
    url = f"{PAGE}/{reward.pk}/change/"
    assert reward.picture == picture
    for page in (operator.get(url), operator.get(f"{PAGE}/")):
        assert f'src="/pictures/{picture.pk}.webp"' in page.content.decode()
    operator.post(url, reward_form(environment))
    reward.refresh_from_db()
    assert reward.picture == picture
    operator.post(url, reward_form(environment, remove_picture="on"))
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
    answer = operator.post(f"{PAGE}/add/", reward_form(environment, picture_file=sent))
    assert words in errors_of(answer)["picture_file"][0]
    assert state_of_everything() == before


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
        answer = client.post(f"{PAGE}/add/", reward_form(ours.environment, metric=_own_metric(ours)) | forged)
        assert set(errors_of(answer)) & {"gives_item", "gives_tier", "gives_metric", "metric", "program"}
    asked = client.post(f"{PAGE}/sentence/?reward={theirs.rows[Reward].pk}", _form_of(ours))
    assert theirs.mark not in asked.content.decode()
    assert state_of_everything() == before


def _own_metric(tenant: Tenant) -> str:
    return str(tenant.rows[Metric].pk)
