"""No key reaches what is not its own: every URL and method of the schema, with every wrong key."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern
from django.utils import timezone

from loyalty.api.common import authentication, warm
from loyalty.api.common.nothing_here import NothingHereView
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import urls
from programs.actions.keys import SCOPES, hash_key, revoke_key
from programs.models import ApiKey
from tests import factories
from tests.api.operations import DONE, ISSUES_TOKENS, Operation, document, operations
from tests.api.world import Owner, changed, digest, nowhere
from tests.conftest import Api

EVERY = pytest.mark.parametrize("operation", operations(), ids=str)


def call(
    key: str, operation: Operation, owner: Owner, ids: dict[str, str] | None = None, **headers: str
) -> Any:
    ids = ids or owner.ids
    return Api(key).call(operation.method.upper(), operation.url(ids), operation.body(ids), **headers)


def bad_authorizations(owner: Owner) -> dict[str, str | None]:
    """Authorization headers that must be refused as 401; None: no header."""
    valid, revoked = factories.make_key(owner.environment), factories.make_key(owner.environment)
    key = ApiKey.objects.get(key_hash=hash_key(revoked))
    revoke_key(environment=owner.environment, key=key, actor=factories.make_actor())
    past = timezone.now() - timedelta(seconds=1)
    archived = factories.make_environment()
    of_archived = factories.make_key(archived)
    archived.archived_at = past
    archived.save()
    publishable = f"pk_sandbox_{'p' * 43}"
    ApiKey.objects.create(
        environment=owner.environment,
        kind=ApiKey.Kind.PUBLISHABLE,
        name="shop window",
        prefix="pk_sandbox_pppppp",
        key_hash=hash_key(publishable),
        scopes=["*"],
    )
    disguised = f"sk_sandbox_{'p' * 43}"
    ApiKey.objects.create(
        environment=owner.environment,
        kind=ApiKey.Kind.PUBLISHABLE,
        name="shop window, disguised",
        prefix="sk_sandbox_pppppp",
        key_hash=hash_key(disguised),
        scopes=["*"],
    )
    return {
        "missing": None,
        "empty": "",
        "no secret": "Bearer",
        "no scheme": valid,
        "another scheme": f"Basic {valid}",
        "two secrets": f"Bearer {valid} {valid}",
        "revoked": f"Bearer {revoked}",
        "expired": f"Bearer {factories.make_key(owner.environment, expires_at=past)}",
        "of an archived environment": f"Bearer {of_archived}",
        "unknown": f"Bearer sk_sandbox_{'u' * 43}",
        "cut short": f"Bearer {valid[:-1]}",
        "too long": f"Bearer {valid}x",
        "not ASCII": "Bearer sk_sandbox_ключ",
        "the stored hash": f"Bearer {hash_key(valid)}",
        "publishable": f"Bearer {publishable}",
        "publishable, disguised": f"Bearer {disguised}",
    }


@EVERY
def test_a_caller_without_a_valid_key_is_told_401_and_changes_nothing(
    operation: Operation, owner: Owner
) -> None:
    authorizations = bad_authorizations(owner)
    before = digest()
    for name, value in authorizations.items():
        api = Api("")
        headers = {} if value is None else {"Authorization": value.encode().decode("latin-1")}
        answer = api.client.generic(
            operation.method.upper(),
            operation.url(owner.ids),
            api.dumps(operation.body(owner.ids) or {}),
            content_type="application/json",
            headers=headers,
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed"), name
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="loyalty"', name
    assert changed(before, digest()) == {}


@EVERY
def test_a_key_without_the_scope_is_told_its_name_and_changes_nothing(
    operation: Operation, owner: Owner
) -> None:
    others = sorted(SCOPES.keys() - {"*", operation.scope})
    key = factories.make_key(owner.environment, *others)
    before = digest()
    methods = [operation.method.upper(), "HEAD"] if operation.method == "get" else [operation.method.upper()]
    for method in methods:
        answer = Api(key).call(method, operation.url(owner.ids), operation.body(owner.ids))
        assert answer.status_code == 403, method
        if method != "HEAD":
            assert (answer.json()["code"], answer.json()["scope"]) == ("permission_denied", operation.scope)
            assert repr(operation.scope) in answer.json()["detail"]
    assert changed(before, digest()) == {}


@EVERY
def test_a_key_with_this_one_scope_is_enough(operation: Operation, owner: Owner) -> None:
    """The counterpart, without which the refusals above would prove little."""
    key = factories.make_key(owner.environment, operation.scope)
    answer = call(key, operation, owner)
    assert answer.status_code in DONE, answer.content
    if operation.method == "get":
        head = Api(key).call("HEAD", operation.url(owner.ids))
        assert (head.status_code, head.content) == (200, b"")


@EVERY
def test_to_a_key_of_another_environment_nothing_of_this_one_exists(
    operation: Operation, owner: Owner
) -> None:
    project = owner.environment.project
    strangers = {
        "the same project's live environment": factories.make_environment("live", project=project),
        "another project": factories.make_environment(
            project=factories.make_project("Second shop", organization=project.organization.name)
        ),
        "another tenant": factories.make_environment(),
    }
    keys = {whose: factories.make_key(stranger) for whose, stranger in strangers.items()}
    yet_to_come = operation.spec["operationId"] in ISSUES_TOKENS  # for a member of its own by that id
    acts_at_home = operation.method != "get" and ("{" not in operation.path or yet_to_come)  # creates its own
    before = digest(owner.marks if acts_at_home else None, notes=False)
    for whose, key in keys.items():
        answer = call(key, operation, owner)
        shown = answer.content.decode()
        asked = operation.url(owner.ids) + str(operation.body(owner.ids))
        secrets = [text for text in [*owner.marks, *owner.ids.values()] if text not in asked]
        assert [text for text in secrets if text in shown] == [], whose
        if not acts_at_home:
            imagined = call(key, operation, owner, nowhere(owner.ids))
            assert _without_ids(answer, owner.ids) == _without_ids(imagined, nowhere(owner.ids)), whose
        if "{" in operation.path and not yet_to_come:
            assert answer.status_code == 404, whose
    assert changed(before, digest(owner.marks if acts_at_home else None, notes=False)) == {}


def _without_ids(answer: Any, ids: dict[str, str]) -> tuple[int, str]:
    """An answer as it would be for any other ids."""
    text = answer.content.decode().replace(answer.headers["X-Request-Id"], "")
    for value in ids.values():
        text = text.replace(value, "…")
    return answer.status_code, re.sub(r'"(as_of|from|to)":"[^"]+"', "", text)


REFERRING = [one for one in operations() if one.fields() & {"program", "metric"} and "{" not in one.path]


@pytest.mark.parametrize("operation", REFERRING, ids=str)
def test_a_body_can_not_name_what_is_another_tenants(operation: Operation, owner: Owner) -> None:
    references = {"program": [owner.ids["program"], owner.ids["program_id"]], "metric": [owner.ids["metric"]]}
    key = factories.make_key(factories.make_environment())
    before = digest()
    for field in operation.fields() & references.keys():
        for reference in references[field]:
            body = (operation.body(owner.ids) or {}) | {field: reference}
            answer = Api(key).call(operation.method.upper(), operation.path, body)
            assert answer.status_code == 404, (field, answer.content)
    assert changed(before, digest()) == {}


def test_a_rule_of_ones_own_can_not_take_another_tenants_metric(owner: Owner) -> None:
    own = factories.make_rule(factories.make_environment())
    key = factories.make_key(own.environment)
    before = digest()
    answer = Api(key).patch(f"/v1/earning-rules/{own.public_id}", {"metric": owner.ids["metric"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert changed(before, digest()) == {}


def test_every_view_says_a_known_scope_for_each_method_and_stands_in_the_schema() -> None:
    documented = {(operation.path, operation.method): operation.scope for operation in operations()}
    found = {}
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        view = pattern.callback.cls  # type: ignore[attr-defined]
        if view is NothingHereView:
            continue
        assert issubclass(view, EngineView), pattern
        path = "/v1/" + str(pattern.pattern).replace("<str:", "{").replace("<path:", "{").replace(">", "}")
        for method in ("get", "post", "put", "patch", "delete"):
            if method in view.http_method_names and hasattr(view, method):
                found[path, method] = view.scopes[method.upper()]
    assert found == documented
    assert set(found.values()) <= SCOPES.keys() - {"*"}
    of_this_surface = [path for path in document()["paths"] if path.startswith("/v1/")]
    assert len(of_this_surface) == len({path for path, _ in found})


def test_a_method_whose_scope_was_forgotten_is_refused_even_to_the_key_that_may_everything(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loyalty.api.v1.customers import CustomerListView

    monkeypatch.setattr(CustomerListView, "scopes", {})
    answer = Api(factories.make_key(environment)).get("/v1/customers")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "DELETE"])
def test_methods_that_are_not_documented_answer_405_and_name_the_others(api: Api, method: str) -> None:
    answer = api.call(method, "/v1/programs/default")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, PATCH"


def test_a_revocation_counts_after_five_seconds_although_the_key_is_warm(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(warm, "monotonic", lambda: clock[0])
    api = Api(factories.make_key(environment))
    assert api.get("/v1/programs").status_code == 200
    key = ApiKey.objects.get(environment=environment, revoked_at=None, key_hash=hash_key(api.key))
    revoke_key(environment=environment, key=key, actor=factories.make_actor())
    clock[0] += 4.9
    assert api.get("/v1/programs").status_code == 200, "warm: this process has not looked yet"
    clock[0] += 0.1
    assert api.get("/v1/programs").status_code == 401
    clock[0] -= 3600
    assert api.get("/v1/programs").status_code == 401, "a revoked key leaves the cache"


def test_an_expiry_counts_at_once_although_the_key_is_warm(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    api = Api(factories.make_key(environment, expires_at=soon))
    assert api.get("/v1/programs").status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: soon)
    assert api.get("/v1/programs").status_code == 401


@pytest.mark.usefixtures("warm_key")
def test_a_warm_key_costs_no_statement(api: Api) -> None:
    with CaptureQueriesContext(connection) as cold:
        api.get("/v1/programs")
    with CaptureQueriesContext(connection) as warm:
        api.get("/v1/programs")
    assert any("programs_apikey" in query["sql"] for query in cold.captured_queries)
    assert not any("programs_apikey" in query["sql"] for query in warm.captured_queries)


def test_a_keys_last_use_is_kept_to_the_minute(api: Api, environment: Any) -> None:
    key = ApiKey.objects.filter(key_hash=hash_key(api.key))
    assert key.get().last_used_at is None
    api.get("/v1/programs")
    first = key.get().last_used_at
    assert first is not None
    authentication.forget_keys()
    api.get("/v1/programs")
    assert key.get().last_used_at == first
