"""What each error code means, for people: /docs/errors/<code>, and docs/errors.md from the same table."""

import re

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from loyalty.api.common.problems import PROBLEMS


def error_list(request: HttpRequest) -> HttpResponse:
    return render(request, "docs/errors.html", {"title": "Error codes", "problems": _rows(*PROBLEMS)})


def error_page(request: HttpRequest, code: str) -> HttpResponse:
    if code not in PROBLEMS:
        raise Http404
    return render(request, "docs/errors.html", {"title": PROBLEMS[code].title, "problems": _rows(code)})


def markdown() -> str:
    """docs/errors.md; `manage.py error_docs` prints it."""
    lines = [
        "# Error codes",
        "",
        "Every refusal of `/v1` is an RFC 9457 problem (`application/problem+json`) with one of these codes.",
        "",
    ]
    for code, problem in PROBLEMS.items():
        lines += [
            f"## {code}",
            "",
            f"{problem.status} {problem.title}. {problem.meaning}",
            "",
            problem.remedy,
            "",
        ]
    return "\n".join(lines)


def _rows(*codes: str) -> list[dict[str, object]]:
    return [
        {
            "code": code,
            "status": PROBLEMS[code].status,
            "meaning": _with_code(PROBLEMS[code].meaning),
            "remedy": _with_code(PROBLEMS[code].remedy),
        }
        for code in codes
    ]


def _with_code(text: str) -> SafeString:
    """`words` in backticks as <code>."""
    return mark_safe(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text)))  # noqa: S308 - escaped above
