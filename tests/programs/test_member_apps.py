"""The members' own app: its host, the pages that may call, and what members may report."""

from typing import Any

import pytest

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from programs.actions.keys import create_key
from programs.actions.member_apps import MAX_ORIGINS, member_app_of, save_member_app
from programs.models import ApiKey, Environment, MemberApp
from tests.factories import make_actor, make_environment

pytestmark = pytest.mark.django_db


def save(environment: Environment, **changes: Any) -> MemberApp:
    return save_member_app(environment=environment, actor=make_actor(), changes=changes)


def test_it_is_empty_until_it_is_set_up_and_then_in_normal_form(environment: Environment) -> None:
    empty = member_app_of(environment)
    assert (empty.public_host, empty.origins, empty.event_types, empty._state.adding) == (None, [], [], True)
    save(
        environment,
        public_host=" Club.Example.com:443 ",
        origins=["https://Shop.example/", "https://shop.example:443", "http://localhost:3000"],
        event_types=["quiz.done", "visit", "visit"],
    )
    app = member_app_of(environment)
    assert app.public_host == "club.example.com"
    assert app.origins == ["https://shop.example", "http://localhost:3000"]
    assert app.event_types == ["quiz.done", "visit"]
    assert save(environment, public_host="").public_host is None
    assert member_app_of(environment).origins == ["https://shop.example", "http://localhost:3000"]
    save(environment, public_host="club.example.com:8443")
    verbs = AuditEvent.objects.filter(object_id=str(app.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["memberapp.created", "memberapp.updated", "memberapp.updated"]
    assert MemberApp.objects.filter(environment=environment).count() == 1


def test_each_fault_is_named_and_nothing_is_saved(environment: Environment) -> None:
    save(make_environment(), public_host="taken.example")
    for changes, expected in (
        ({"public_host": "https://club.example"}, ("public_host", "invalid")),
        ({"public_host": "club.example/app"}, ("public_host", "invalid")),
        ({"public_host": "club.example:99999"}, ("public_host", "invalid")),
        ({"public_host": f"{'x' * 250}.com"}, ("public_host", "invalid")),
        ({"public_host": "TAKEN.example"}, ("public_host", "unique")),
        ({"origins": "https://shop.example"}, ("origins", "invalid_type")),
        ({"origins": ["https://a.example", "http://shop.example"]}, ("origins[1]", "invalid")),
        ({"origins": ["https://shop.example/path"]}, ("origins[0]", "invalid")),
        ({"origins": ["https://me@shop.example"]}, ("origins[0]", "invalid")),
        ({"origins": ["https://shop.example:x"]}, ("origins[0]", "invalid")),
        ({"origins": ["shop.example"]}, ("origins[0]", "invalid")),
        ({"origins": ["//shop.example"]}, ("origins[0]", "invalid")),
        ({"origins": ["file://localhost", "https://a.example"]}, ("origins[0]", "invalid")),
        ({"origins": ["data://text"]}, ("origins[0]", "invalid")),
        ({"origins": ["javascript://shop.example"]}, ("origins[0]", "invalid")),
        ({"origins": ["capacitor://"]}, ("origins[0]", "invalid")),
        ({"origins": ["*"]}, ("origins[0]", "invalid")),
        ({"origins": ["null"]}, ("origins[0]", "invalid")),
        ({"origins": [f"https://{n}.example" for n in range(MAX_ORIGINS + 1)]}, ("origins", "max_length")),
        ({"event_types": ["visit", "purchase"]}, ("event_types[1]", "invalid_value")),
        ({"event_types": ["refund"]}, ("event_types[0]", "invalid_value")),
        ({"event_types": ["two words"]}, ("event_types[0]", "invalid")),
        ({"event_types": [f"type{n}" for n in range(201)]}, ("event_types", "max_length")),
    ):
        with pytest.raises(InvalidRequest) as caught:
            save(environment, **changes)
        assert [(each.field, each.code) for each in caught.value.errors] == [expected], changes
    assert not MemberApp.objects.filter(environment=environment).exists()


def test_pages_in_an_apps_own_web_view_may_be_listed(environment: Environment) -> None:
    given = ["Capacitor://localhost", "ionic://localhost/", "app+view://shop:443", "http://127.0.0.1:80"]
    assert save(environment, origins=given).origins == [
        "capacitor://localhost",
        "ionic://localhost",
        "app+view://shop:443",
        "http://127.0.0.1",
    ]


def test_a_publishable_key_has_no_scopes_and_says_what_it_is(environment: Environment) -> None:
    made = create_key(environment=environment, name="app", actor=make_actor(), kind="publishable")
    assert made.secret.startswith("pk_sandbox_")
    assert (made.key.kind, made.key.scopes) == ("publishable", [])
    assert made.key.prefix == made.secret[: len("pk_sandbox_") + 6]
    before = ApiKey.objects.filter(environment=environment).count()
    for options, field in (
        ({"kind": "publishable", "scopes": ["*"]}, "scopes"),
        ({"kind": "secret"}, "scopes"),
        ({"kind": "root", "scopes": ["*"]}, "kind"),
    ):
        with pytest.raises(InvalidRequest) as caught:
            create_key(environment=environment, name="app", actor=make_actor(), **options)
        assert [each.field for each in caught.value.errors] == [field]
    assert ApiKey.objects.filter(environment=environment).count() == before
