"""POST /v1/members/{id}/export: everything of one member, and of nobody else."""

from audit.models import AuditEvent
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import award, done
from tests.api.world import changed, digest
from tests.conftest import Api


def test_an_export_has_what_the_api_knows_of_the_member_and_writes_only_that_it_was_asked_for(
    api: Api, environment: Environment
) -> None:
    factories.make_rule(environment)
    event = {"event_id": "e1", "type": "purchase", "member_id": "ada", "data": {"amount": "9.50", "n": 1.10}}
    done(api.post("/v1/events", event))
    award(api, 5)
    award(api, 7, "bob")
    before = digest()
    answer = api.post("/v1/members/ada/export")
    found = done(answer)
    assert changed(before, digest()).keys() == {"audit_auditevent"}
    assert AuditEvent.objects.filter(verb="member.exported").count() == 1
    assert found["member"]["member_id"] == "ada"
    assert [row["data"] for row in found["events"]] == [{"amount": "9.50", "n": 1.1}]
    assert b'"n":1.1' in answer.content
    assert [row["balance"] for row in found["accounts"]] == [14]
    listed = api.get("/v1/points?customer_id=ada&order=asc").json()["data"]
    assert [row["id"] for row in found["transactions"]] == [row["id"] for row in listed]
    assert '"bob"' not in answer.content.decode()
    assert done(api.post("/v1/customers/ada/export")).keys() == found.keys()


def test_of_somebody_unknown_there_is_none(api: Api) -> None:
    before = digest()
    assert_problem(api.post("/v1/members/nobody/export"), "not_found")
    assert changed(before, digest()) == {}
