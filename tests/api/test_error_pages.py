"""Each code's page: what a problem's `type` points to, and docs/errors.md, from one table."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from loyalty.api.common.problems import PROBLEMS
from loyalty.api.v1.error_pages import markdown
from tests.conftest import Api


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_code_has_a_page_that_says_what_it_means_and_the_way_out(code: str) -> None:
    page = Client().get(f"/docs/errors/{code}")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    text = page.content.decode()
    assert f"<code>{code}</code>" in text
    assert PROBLEMS[code].title in text
    assert text.count("<section>") == 1
    assert "`" not in text
    assert "://" not in text, "served offline: nothing of other hosts"


def test_the_list_of_all_codes_links_each_page() -> None:
    text = Client().get("/docs/errors/").content.decode()
    assert text.count("<section>") == len(PROBLEMS)
    assert [code for code in PROBLEMS if f'href="/docs/errors/{code}"' not in text] == []


def test_an_unknown_code_has_no_page() -> None:
    assert Client().get("/docs/errors/nonsense").status_code == 404


def test_the_type_of_a_problem_is_the_address_of_its_page(api: Api) -> None:
    problem = api.get("/v1/customers/nobody").json()
    page = Client().get(problem["type"])
    assert page.status_code == 200
    assert "<code>not_found</code>" in page.content.decode()


@pytest.mark.parametrize(("code", "problem"), PROBLEMS.items())
def test_meaning_and_remedy_are_sentences(code: str, problem: tuple[int, str, str, str]) -> None:
    _, _, meaning, remedy = problem
    for text in (meaning, remedy):
        assert text.endswith("."), code
        assert text.count("`") % 2 == 0, code
        assert 20 <= len(text) <= 200, code


def test_docs_errors_md_is_this_table() -> None:
    kept = (Path(settings.BASE_DIR) / "docs" / "errors.md").read_text()
    assert kept == markdown(), "Refresh it: python manage.py error_docs > docs/errors.md"
