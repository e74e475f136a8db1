"""What a page may load, run and be embedded in: each surface's headers to the letter, and what stands in its HTML."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from programs.models import Environment
from tests.console.pages import read

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "console",
}
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
SCRIPTS = sorted((Path(settings.BASE_DIR) / "loyalty" / "static" / "console").glob("*.js"))


def _policy(answer: Any) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", ["/console/login/", "/docs/errors/", "/nothing/", "/console/nothing/"])
def test_every_page_has_the_whole_policy(db: None, path: str) -> None:
    assert _policy(Client().get(path)) == POLICY


def test_pages_of_who_is_signed_in_have_it_too(login: Any, environment: Environment) -> None:
    client = login(environment, "analyst")
    for path in ("/console/", "/console/programs/apikey/add/", "/console/find/?q=x"):
        assert _policy(client.get(path)) == POLICY, path


def test_the_reference_alone_makes_markup_of_text(db: None) -> None:
    less = {name: value for name, value in POLICY.items() if "trusted-types" not in name}
    assert _policy(Client().get("/docs/")) == less


def test_a_page_is_embedded_nowhere_and_asks_for_no_device(db: None) -> None:
    headers = Client().get("/console/login/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(headers["Permissions-Policy"].split(", "))


def test_no_browser_keeps_a_refusal_of_the_console(login: Any, environment: Environment) -> None:
    analyst, forging = login(environment, "analyst"), Client(enforce_csrf_checks=True)
    answers = {
        403: analyst.get("/console/loyalty/event/add/"),
        404: analyst.get("/console/overview/secrets.csv"),
        400: analyst.get("/console/loyalty/member/?x=1"),
    }
    for status, answer in answers.items():
        assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (status, True)
    for refused in (forging.post("/console/login/"), Client().get("/console/nothing/")):
        assert (refused.status_code >= 302, "no-store" in refused["Cache-Control"]) == (True, True)


def test_answers_of_the_api_have_no_headers_of_pages(db: None) -> None:
    headers = Client().get("/v1/programs").headers
    for name in ("Content-Security-Policy", "Permissions-Policy", "Cross-Origin-Resource-Policy"):
        assert name not in headers


def test_files_are_loaded_by_this_host_alone(db: None) -> None:
    headers = Client().get("/static/console/frame.css").headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_no_template_holds_a_script_a_handler_or_a_style(file: Path) -> None:
    assert [fault for fault in read(file.read_text()).faults if "read out" not in fault] == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_no_script_evaluates_text_and_one_alone_makes_markup_of_it(file: Path) -> None:
    text = file.read_text()
    assert not re.search(
        r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML\s*=|https?://", text
    )
    assert bool(re.search(r"\.innerHTML\s*=[^=]", text)) == (file.name == "markup.js")
