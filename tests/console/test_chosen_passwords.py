"""A password that an owner made opens nothing but the page on which its user chooses another."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from programs.actions.staff import choose_password, ensure_login, reset_password
from programs.admin import own_password
from programs.models import Environment, LogIns, Program
from tests import factories
from tests.console.second_factors import PASSWORD, password_step, set_up

pytestmark = pytest.mark.django_db

CHOICE, MEMBERS = "/console/password_change/", "/console/loyalty/member/"
OWN = "a staple that only ada knows"
OPEN = {"login", "log_in_code", "logout", "password_change", "jsi18n"}


@pytest.fixture
def owner(environment: Environment) -> User:
    return factories.make_staff(environment.project, "owner", username="olga")


@pytest.fixture
def colleague(environment: Environment) -> User:
    return factories.make_staff(environment.project, "operator", username="ada")


def _given(owner: User, colleague: User) -> str:
    """What the owner's page shows once."""
    password_step(client := Client(), owner)
    membership = colleague.project_memberships.get()
    page = reverse("admin:programs_projectmembership_new-password", args=[membership.pk])
    return str(client.post(page).context["secret"])


def _log_in(user: User, password: str, next_page: str = "") -> Any:
    client = Client()
    client.post("/console/login/", {"username": user.username, "password": password, "next": next_page})
    return client


def _choice(old: str, new: str) -> dict[str, str]:
    return {"old_password": old, "new_password1": new, "new_password2": new}


def _addresses(patterns: "list[URLPattern | URLResolver]", begin: str = "/") -> Iterator[str]:
    """One of each pattern below, of a row that nobody has."""
    for each in patterns:
        route = begin + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _addresses(each.url_patterns, route)
        else:
            plain = route.replace("(?P<url>.*)$", "nowhere/").replace("^(?P<app_label>", "(")
            yield re.sub(r"<\w+:\w+>", str(uuid4()), re.sub(r"\((\w+)\|.*\$", r"\1/", plain))


def _page_of(colleague: User) -> str:
    pk = colleague.project_memberships.get().pk
    return reverse("admin:programs_projectmembership_change", args=[pk])


def _changes(environment: Environment) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb="staff.password_changed", project_id=environment.project_id))


def test_nothing_else_opens_until_it_is_chosen(
    environment: Environment, owner: User, colleague: User
) -> None:
    given = _given(owner, colleague)
    client = _log_in(colleague, given)
    assert client.get("/console/")["Location"] == CHOICE
    assert (
        client.get(f"{MEMBERS}?q=eve")["Location"]
        == f"{CHOICE}?next=%2Fconsole%2Floyalty%2Fmember%2F%3Fq%3Deve"
    )
    for path in ("/console/security/", "/console/find/", "/console/audit/auditevent/head.json"):
        assert client.get(path)["Location"].startswith(CHOICE), path
    sent = {"name": "Club", "code": "club", "status": "active"}
    assert client.post("/console/programs/program/add/", sent)["Location"] == CHOICE
    assert not Program.objects.filter(code="club").exists()
    page = client.get(CHOICE)
    assert (page.status_code, "that only you know" in page.content.decode()) == (200, True)
    assert b"Catalogue" not in page.content, "no menu that leads back here"


def test_no_address_of_the_console_is_forgotten(owner: User, colleague: User) -> None:
    client = _log_in(colleague, _given(owner, colleague))
    found = [each for each in _addresses(get_resolver().url_patterns) if each.startswith("/console/")]
    assert {resolve(address).url_name for address in found} > OPEN
    for address in found:
        if (name := resolve(address).url_name) in OPEN:
            answer = client.get(address)
            assert not answer.headers.get("Location", "").startswith(CHOICE), name
        else:
            assert client.get(address)["Location"].startswith(CHOICE), address
            assert client.post(address)["Location"] == CHOICE, address


def test_a_script_of_a_page_is_told_in_its_own_way(owner: User, colleague: User) -> None:
    """The page that was open when the password was given loads anew then, and leads to the choice."""
    client = _log_in(colleague, _given(owner, colleague))
    answer = client.get("/console/search/?s=a", headers={"Sec-Fetch-Mode": "cors"})
    assert (answer.status_code, answer.json()) == (401, {"detail": "Choose a password of your own first."})


def test_the_page_of_the_choice_has_no_menu_and_asks_for_none(
    owner: User, colleague: User, django_assert_num_queries: Any
) -> None:
    client = _log_in(colleague, _given(owner, colleague))
    with django_assert_num_queries(5):
        page = client.get(CHOICE).content.decode()
    assert "Loyalty console" in page
    assert "lc-finder" not in page, "the search would find nothing"


def test_one_persons_choice_is_nobody_elses(environment: Environment, owner: User, colleague: User) -> None:
    other = factories.make_staff(environment.project, "support", username="bea")
    _given(owner, other)
    given = _given(owner, colleague)
    _log_in(colleague, given).post(CHOICE, _choice(given, OWN))
    assert not LogIns.objects.get(user=colleague).must_choose_password
    assert LogIns.objects.get(user=other).must_choose_password
    password_step(client := Client(), owner)
    assert "Not their own yet" in client.get(_page_of(other)).content.decode()
    assert "Not their own yet" not in client.get(_page_of(colleague)).content.decode()


def test_the_choice_opens_the_console_at_the_page_that_was_asked_for(
    environment: Environment, owner: User, colleague: User
) -> None:
    given = _given(owner, colleague)
    client = _log_in(colleague, given)
    page = client.get(f"{MEMBERS}?q=eve")["Location"]
    assert client.post(page, _choice(given, OWN))["Location"] == f"{MEMBERS}?q=eve"
    assert "yours alone now" in client.get(MEMBERS).content.decode()
    assert not LogIns.objects.get(user=colleague).must_choose_password
    assert _log_in(colleague, OWN).get(MEMBERS).status_code == 200, "and is not asked again"
    assert "/console/login/" in _log_in(colleague, given).get(MEMBERS)["Location"]


def test_the_trail_says_that_it_was_given_and_that_it_was_chosen(
    environment: Environment, owner: User, colleague: User
) -> None:
    given = _given(owner, colleague)
    _log_in(colleague, given).post(CHOICE, _choice(given, OWN))
    made = AuditEvent.objects.get(verb="user.password_set", project_id=environment.project_id)
    assert (made.actor_id, made.after["must_choose_password"]) == ("olga", True)
    chosen = AuditEvent.objects.get(verb="staff.password_changed", project_id=environment.project_id)
    assert (chosen.actor_id, chosen.object_id, chosen.ip) == ("ada", "ada", "127.0.0.1")
    assert (chosen.before, chosen.after) == ({"must_choose_password": True}, {"must_choose_password": False})
    assert not {given, OWN} & set(str(list(AuditEvent.objects.values())).split("'"))


@pytest.mark.parametrize(
    ("new", "said"),
    [("", "required"), ("short", "at least"), ("the same", "Choose another"), ("wrong old", "incorrect")],
)
def test_a_refused_choice_leaves_all_as_it_was(
    environment: Environment, owner: User, colleague: User, new: str, said: str
) -> None:
    given = _given(owner, colleague)
    client = _log_in(colleague, given)
    sent = _choice(given, {"the same": given, "wrong old": OWN}.get(new, new))
    if new == "wrong old":
        sent["old_password"] = "not it"
    answer = client.post(CHOICE, sent)
    assert (answer.status_code, said in answer.content.decode()) == (200, True)
    assert LogIns.objects.get(user=colleague).must_choose_password
    assert client.get(MEMBERS)["Location"].startswith(CHOICE)
    colleague.refresh_from_db()
    assert colleague.check_password(given)
    assert not _changes(environment)


def test_one_may_log_out_instead(environment: Environment, owner: User, colleague: User) -> None:
    client = _log_in(colleague, _given(owner, colleague))
    assert client.post("/console/logout/").status_code == 200
    assert "/console/login/" in client.get(MEMBERS)["Location"]


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "/console/logout/",
        "/console/logout/?a=1",
        "http://testserver/console/logout/",
    ],
)
def test_nobody_is_sent_on_to_another_host_or_out(owner: User, colleague: User, wanted: str) -> None:
    given = _given(owner, colleague)
    answer = _log_in(colleague, given).post(f"{CHOICE}?next={wanted}", _choice(given, OWN))
    assert answer["Location"] == "/console/"


def test_the_second_factor_is_asked_for_first_and_stays(
    environment: Environment, owner: User, colleague: User
) -> None:
    password_step(theirs := Client(), colleague)
    phone, _codes = set_up(theirs)
    given = _given(owner, colleague)
    client = _log_in(colleague, given)
    assert "/console/login/" in client.get(CHOICE)["Location"], "the password alone opens not even that"
    client.post("/console/login/code/", {"code": phone.code()})
    assert client.get(MEMBERS)["Location"].startswith(CHOICE)
    client.post(CHOICE, _choice(given, OWN))
    assert client.get(MEMBERS).status_code == 200


def test_a_new_colleagues_first_password_is_changed_too(environment: Environment, owner: User) -> None:
    password_step(client := Client(), owner)
    added = client.post("/console/programs/projectmembership/add/", {"username": "eve", "role": "support"})
    given = str(added.context["secret"])
    eve = User.objects.get(username="eve")
    assert _log_in(eve, given).get(MEMBERS)["Location"].startswith(CHOICE)
    assert "Not their own yet" in client.get(_page_of(eve)).content.decode()
    _log_in(eve, given).post(CHOICE, _choice(given, OWN))
    assert "Not their own yet" not in client.get(_page_of(eve)).content.decode()


def test_whoever_runs_the_system_makes_passwords_that_stay(environment: Environment) -> None:
    actor = factories.make_actor()
    made = ensure_login(project=environment.project, username="root", actor=actor)
    assert not LogIns.objects.filter(user=made.user, must_choose_password=True).exists()
    trail = AuditEvent.objects.get(verb="user.created", object_id=str(made.user.pk))
    assert "must_choose_password" not in trail.after


def test_nor_does_one_ask_that_replaces_an_owners(
    environment: Environment, owner: User, colleague: User
) -> None:
    """`bootstrap --new-password`, and the log-in that `make demo` prints."""
    other = factories.make_staff(environment.project, "support", username="bea")
    for each in (other, colleague):
        _given(owner, each)
    ensure_login(
        project=environment.project,
        username="ada",
        actor=factories.make_actor(),
        password=OWN,
        new_password=True,
    )
    assert _log_in(colleague, OWN).get(MEMBERS).status_code == 200
    assert LogIns.objects.get(user=other).must_choose_password


def test_ones_own_change_asks_for_nothing_more(environment: Environment, colleague: User) -> None:
    client = _log_in(colleague, PASSWORD)
    assert client.post(CHOICE, _choice(PASSWORD, PASSWORD)).status_code == 200, "the same is no change"
    assert client.post(CHOICE, _choice(PASSWORD, OWN))["Location"] == "/console/password_change/done/"
    assert client.get(MEMBERS).status_code == 200
    chosen = AuditEvent.objects.get(verb="staff.password_changed", project_id=environment.project_id)
    assert (chosen.before, chosen.after) == (None, None)


def test_an_owner_who_was_faster_is_not_overruled(
    environment: Environment, owner: User, colleague: User
) -> None:
    """The old password was right a moment ago; then an owner made a new one, perhaps because somebody knew it."""
    stale = User.objects.get(pk=colleague.pk)
    made = reset_password(project=environment.project, user=colleague, by=owner, actor=factories.make_actor())
    with pytest.raises(InvalidRequest, match="changed meanwhile"):
        choose_password(user=stale, password=OWN, actor=factories.make_actor())
    colleague.refresh_from_db()
    assert colleague.check_password(made)
    assert LogIns.objects.get(user=colleague).must_choose_password
    assert not _changes(environment)


@pytest.mark.parametrize("asked", [True, False])
def test_a_right_password_is_no_failed_log_in_where_an_owner_was_faster(
    environment: Environment, owner: User, colleague: User, monkeypatch: Any, *, asked: bool
) -> None:
    old = _given(owner, colleague) if asked else PASSWORD
    client = _log_in(colleague, old)

    def too_late(**choice: Any) -> User:
        reset_password(project=environment.project, user=colleague, by=owner, actor=factories.make_actor())
        return choose_password(**choice)

    monkeypatch.setattr(own_password, "choose_password", too_late)
    assert "changed meanwhile" in client.post(CHOICE, _choice(old, OWN)).content.decode()
    assert not AccessAttempt.objects.exists()
    assert not AuditEvent.objects.filter(verb="staff.login_failed").exists()
    assert not _changes(environment)
    monkeypatch.undo()
    password = reset_password(
        project=environment.project, user=colleague, by=owner, actor=factories.make_actor()
    )
    _log_in(colleague, password).post(CHOICE, _choice("a guess", OWN))
    assert AuditEvent.objects.filter(verb="staff.login_failed").count() == 1, "a wrong one is"
