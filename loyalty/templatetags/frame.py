"""The frame of a console page: its heading, the way there, and filters as choices."""

from typing import Any, NamedTuple
from urllib.parse import parse_qs

from django import template
from django.contrib.admin.views.main import PAGE_VAR
from django.urls import reverse

from programs.admin.list_names import list_name

register = template.Library()


class Step(NamedTuple):
    """A page above the shown one."""

    title: str
    link: str


@register.inclusion_tag("console/frame/heading.html", takes_context=True)
def page_heading(context: template.RequestContext) -> dict[str, Any]:
    """`steps` (list, object) and `heading`: what the page is called, which is said once on it."""
    steps = _steps(context)
    title = str(context.get("title") or "")
    is_form = "adminform" in context  # Django calls those "Change …" and "Add …"
    is_last = bool(steps) and title.lower() == steps[-1].title.lower()
    if steps and ((is_form and context.get("original")) or is_last or not title):
        return {"steps": steps[:-1], "heading": steps[-1].title}
    return {"steps": steps, "heading": title or str(context.get("site_header") or "Console")}


def _steps(context: template.RequestContext) -> list[Step]:
    found = context.get("original") or context.get("object")
    found = None if isinstance(found, str) else found
    opts = getattr(found, "_meta", None) or context.get("opts")
    if opts is None:
        return []
    name = f"admin:{opts.app_label}_{opts.model_name}"
    steps = [Step(list_name(str(opts.verbose_name_plural)), reverse(f"{name}_changelist"))]
    if found is not None:
        steps.append(Step(str(found), reverse(f"{name}_change", args=[found.pk])))
    return steps


class Option(NamedTuple):
    """One choice of a filter; `value` is empty for "All"."""

    value: str
    title: str
    is_chosen: bool


@register.filter
def filter_options(choices: list[dict[str, Any]], spec: Any) -> list[Option]:
    """The choices of a list's filter by what each would write into the address."""
    name = filter_name(spec)
    found = []
    for choice in choices:
        value = parse_qs(str(choice["query_string"]).removeprefix("?")).get(name, [""])[-1]
        found.append(Option(value, str(choice["display"]), bool(choice["selected"])))
    return found


@register.filter
def filter_name(spec: Any) -> str:
    """The filter's parameter in the address."""
    return str(getattr(spec, "parameter_name", None) or getattr(spec, "lookup_kwarg", ""))


class PageLink(NamedTuple):
    """One of a list's pages; without a number where some are left out, without a link where it is the shown one."""

    number: int | None
    link: str


@register.filter
def page_links(found: Any) -> list[PageLink]:
    """The pages of a list (a ChangeList), the first and the last and those near the shown one."""
    links = []
    for number in found.paginator.get_elided_page_range(found.page_num, on_each_side=2, on_ends=1):
        if not isinstance(number, int):
            links.append(PageLink(None, ""))
        else:
            is_shown = number == found.page_num
            links.append(PageLink(number, "" if is_shown else found.get_query_string({PAGE_VAR: number})))
    return links
