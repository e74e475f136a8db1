"""A sandbox begins anew: configured alike, empty, reached by the same keys; the old one is seen by nobody."""

from typing import Any

from django.utils import timezone

from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.models import Event, Member, RewardStock
from programs.models import Environment, MemberApp
from programs.queries.configuration import configuration
from tests import factories
from tests.conftest import Api
from tests.loyalty.copying.shop import content, set_up


def reset(environment: Environment) -> Environment:
    return reset_sandbox(environment=environment, actor=factories.make_actor(), now=timezone.now())


def test_all_that_is_configured_stays_under_the_same_ids(environment: Environment) -> None:
    set_up(environment)
    host = MemberApp.objects.get(environment=environment).public_host
    before, by_content = configuration(environment), content(environment)
    stocks = _stocks(environment)

    new = reset(environment)

    assert new.pk != environment.pk
    assert configuration(new) == before
    assert content(new) == by_content
    assert MemberApp.objects.get(environment=new).public_host == host
    assert _stocks(new) == stocks != {}
    assert not Member.objects.filter(environment=new).exists()
    environment.refresh_from_db()
    assert environment.archived_at is not None


def _stocks(environment: Environment) -> dict[str, Any]:
    rows = RewardStock.objects.filter(environment_id=environment.pk)
    return dict(rows.values_list("reward__public_id", "stock"))


EVENT = {"event_id": "o-1", "type": "purchase", "customer_id": "ada", "data": {"amount": "20.00"}}


def test_keys_work_on_at_once(environment: Environment, api: Api) -> None:
    """The key is warm in this process, and stays so."""
    factories.make_rule(environment)
    assert api.post("/v1/events", EVENT).status_code == 201
    answer = api.post("/v1/sandbox/reset", Idempotency_Key="again")
    assert answer.status_code == 200
    new = Environment.objects.get(pk=answer.json()["id"])
    assert api.get("/v1/customers/ada/balances").status_code in (200, 404)
    assert api.post("/v1/events", EVENT).status_code == 201
    assert Event.objects.filter(environment_id=new.pk).count() == 1
    assert Event.objects.filter(environment_id=environment.pk).count() == 1
    again = api.post("/v1/sandbox/reset", Idempotency_Key="again")
    assert again.json() == answer.json()
    assert again.headers["Idempotent-Replayed"] == "true"
