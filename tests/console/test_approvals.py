"""The console asks a second person above the limit, and shows them what waits."""

import re
from typing import Any

import pytest
from django.test import Client

from loyalty.models import Account, AdjustmentRequest, LedgerEntry, Member
from programs.actions.programs import save_program
from programs.models import Environment, Program
from tests import factories
from tests.console.deeds import confirm, show, told

pytestmark = pytest.mark.django_db

FORM = {"metric": "points", "points": "500", "reason": "goodwill", "note": "A flood"}
QUEUE = "/console/loyalty/adjustmentrequest/queue/"


@pytest.fixture
def member(environment: Environment) -> Member:
    Program.objects.filter(environment=environment).update(adjustment_limit=100)
    return Member.objects.get(pk=factories.give(environment, 40).member_id)


def adjust_url(member: Member) -> str:
    return f"/console/loyalty/member/{member.pk}/adjust/"


def member_url(member: Member) -> str:
    return f"/console/loyalty/member/{member.pk}/change/"


def ask(client: Client, member: Member, **changes: str) -> AdjustmentRequest:
    shown = show(client, adjust_url(member), **FORM | changes)
    assert "Ask for approval" in shown.content.decode()
    said = confirm(client, adjust_url(member), shown, approval="1", **FORM | changes)
    made = AdjustmentRequest.objects.latest("id")
    assert f'href="{page(made)}">Asked for</a>: it waits under Approvals' in told(said)
    return made


def page(asked: AdjustmentRequest, name: str = "change") -> str:
    return f"/console/loyalty/adjustmentrequest/{asked.pk}/{name}/"


def decide(client: Client, asked: AdjustmentRequest, decision: str, note: str = "") -> str:
    sent = {"decision": decision, "note": note, "member": str(asked.member_id)}
    return told(client.post(page(asked, "decide"), sent))


def total(member: Member) -> int:
    return Account.objects.get(member=member).total


def badge(client: Client) -> str | None:
    groups = client.get(QUEUE).context["sidebar_navigation"]
    items = [item for group in groups for item in group["items"]]
    found: str | None = next(item.get("badge") for item in items if item["title"] == "Approvals")
    return found


def test_from_the_form_to_the_second_persons_yes(
    login: Any, environment: Environment, member: Member
) -> None:
    olga, sven = login(environment, "support"), login(environment, "support")
    asked = ask(olga, member)
    assert (total(member), asked.note, asked.trace_id) == (40, "A flood", "trace-77")
    assert badge(sven) == "1"
    own = olga.get(page(asked)).content.decode()
    assert "Another person with the role support or above decides" in own
    assert "Approve</button>" not in own
    assert "An owner adds people under Settings ▸ Staff" in own
    waits = f'href="{page(asked)}">.*500.* Points</a> wait for approval, asked for by {asked.requested_by}'
    assert re.search(waits, sven.get(member_url(member)).content.decode())
    assert "wait for approval" not in login(environment, "analyst").get(member_url(member)).content.decode()
    assert "You asked for it yourself" in decide(olga, asked, "approve")
    effect = sven.get(page(asked)).context["effect"]
    assert (effect["before"], effect["after"]) == (40, 540)
    said = decide(sven, asked, "approve")
    entry = LedgerEntry.objects.get(type="adjusted")
    assert said.startswith(
        f'Approved: <a class="lc-link" href="/console/loyalty/ledgerentry/{entry.pk}/change/">'
    )
    assert member_url(member) in said
    assert total(member) == 540
    assert "wait for approval" not in sven.get(member_url(member)).content.decode()
    assert "approved already" in decide(sven, asked, "approve")
    assert total(member) == 540
    assert LedgerEntry.objects.get(type="adjusted").actor_id == AdjustmentRequest.objects.get().decided_by
    assert badge(sven) is None
    assert "txn_" in olga.get(page(asked)).content.decode()


def test_below_the_limit_it_confirms_as_ever_until_the_day_is_full(
    login: Any, environment: Environment, member: Member
) -> None:
    olga = login(environment, "support")
    for _ in range(2):
        shown = show(olga, adjust_url(member), **FORM | {"points": "50"})
        assert "Ask for approval" not in shown.content.decode()
        confirm(olga, adjust_url(member), shown, **FORM | {"points": "50"})
    assert total(member) == 140
    shown = show(olga, adjust_url(member), **FORM | {"points": "1"})
    assert "you have moved 100 of this member&#x27;s" in shown.content.decode()
    ask(olga, member, points="1")
    assert total(member) == 140


def test_what_the_button_said_is_what_is_done(login: Any, environment: Environment, member: Member) -> None:
    """The limit changes between the look and the confirmation."""
    olga = login(environment, "support")
    shown = show(olga, adjust_url(member), **FORM)
    program = Program.objects.get(environment=environment)
    changes = {"adjustment_limit": 1000}
    save_program(
        environment=factories.reload(environment),
        program=program,
        actor=factories.make_actor(),
        changes=changes,
    )
    again = confirm(olga, adjust_url(member), shown, approval="1", **FORM)
    assert "Something has changed" in told(again)
    assert (AdjustmentRequest.objects.count(), total(member)) == (0, 40)
    confirm(olga, adjust_url(member), again, **FORM)
    assert (AdjustmentRequest.objects.count(), total(member)) == (0, 540)


def test_a_no_a_withdrawal_and_a_member_who_has_changed(
    login: Any, environment: Environment, member: Member
) -> None:
    olga, sven = login(environment, "support"), login(environment, "operator")
    asked, other = ask(olga, member), ask(olga, member, points="600")
    assert "Say why" in decide(sven, asked, "reject")
    assert "Rejected" in decide(sven, asked, "reject", "No photos")
    assert "No photos" in olga.get(page(asked)).content.decode()
    assert "Only " in told(sven.post(page(other, "withdraw")))
    assert "Withdrawn" in told(olga.post(page(other, "withdraw")))
    third = ask(olga, member)
    answer = sven.post(page(third, "decide"), {"decision": "approve", "member": str(other.pk)})
    assert "Something has changed since you looked" in told(answer)
    rows = AdjustmentRequest.objects.order_by("id").values_list("status", flat=True)
    assert list(rows) == ["rejected", "withdrawn", "pending"]
    assert total(member) == 40


def test_analysts_see_nothing_of_it_and_a_plan_without_it_says_so(
    login: Any, environment: Environment, member: Member
) -> None:
    olga, sven, analyst = (login(environment, role) for role in ("support", "operator", "analyst"))
    asked = ask(olga, member)
    for url in (QUEUE, page(asked), "/console/loyalty/adjustmentrequest/"):
        assert analyst.get(url).status_code == 403
    assert analyst.post(page(asked, "decide")).status_code == 403
    plan = environment.project.organization.plan
    plan.features = []
    plan.save()
    shown = show(olga, adjust_url(member), **FORM)
    assert "plan has no approvals" in str(shown.context["form"].errors)
    with pytest.raises(StopIteration):
        badge(sven)  # it stands in the sidebar no more
    assert "plan has no approvals" in sven.get(QUEUE).content.decode()
    assert "plan has no approvals" in decide(sven, asked, "approve")
    assert "Rejected" in decide(sven, asked, "reject", "No plan")
    assert (total(member), LedgerEntry.objects.filter(type="adjusted").count()) == (40, 0)


def test_the_limit_is_set_on_the_programs_page(login: Any, environment: Environment) -> None:
    operator = login(environment, "operator")
    program = Program.objects.get(environment=environment)
    url = f"/console/programs/program/{program.pk}/change/"
    form = {"name": "Default", "code": "default", "status": "active", "adjustment_limit": "250"}
    assert operator.post(url, form).status_code == 302
    assert Program.objects.get(pk=program.pk).adjustment_limit == 250
    plan = environment.project.organization.plan
    plan.features = []
    plan.save()
    assert "plan has no approvals" in operator.post(url, form | {"adjustment_limit": "300"}).content.decode()
    assert operator.post(url, form | {"adjustment_limit": ""}).status_code == 302
    assert Program.objects.get(pk=program.pk).adjustment_limit is None
    assert "adjustment_limit" not in operator.get(url).content.decode()


def test_the_queue_says_what_each_would_do_and_whose_it_is_before_anything_is_pressed(
    login: Any, environment: Environment, member: Member
) -> None:
    olga, sven = login(environment, "support"), login(environment, "support")
    ask(olga, member)
    ask(olga, member, points="300")
    own, others = (" ".join(client.get(QUEUE).content.decode().split()) for client in (olga, sven))
    for text in (own, others):
        assert "40 → <strong>540</strong>" in text
        assert "40 → <strong>340</strong>" in text
    assert "somebody else decides" in own
    assert "somebody else decides" not in others
    assert ("Decide</a>" in own, "Decide</a>" in others) == (False, True)
