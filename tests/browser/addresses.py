"""Every address of the console, from its own URL patterns: those that are pages, and why the others are none."""

from collections.abc import Iterator
from typing import NamedTuple

from django.contrib.admin import site
from django.db.models import Model
from django.urls import URLPattern, URLResolver

from tests.console.tenants import registered


class Address(NamedTuple):
    """`model`: whose page it is; `of_row`: the address takes the id of one."""

    name: str
    model: type[Model] | None = None
    of_row: bool = False


# By how their names end.
NO_PAGES = {
    "_delete": "nothing can be deleted in the console",
    "_history": "leads to the audit trail of the row",
    "_make_file": "takes a POST and leads to the export",
    "_sentence": "a part of the form, for its script",
    "_csv": "a file",
    "_codes-csv": "a file",
    "_problems": "a file",
    "_download": "a file",
    "_head": "a file",
    "_suggestions": "JSON for the form of a rule",
    "_start": "takes a POST and leads to what was started",
    "_resend": "takes a POST, or is a page of redemptions",
    "_disable": "takes a POST and leads to the endpoint",
    "_enable": "takes a POST and leads to the endpoint",
    "_test": "takes a POST and leads to the endpoint",
    "_decide": "takes a POST and leads to the queue",
    "_withdraw": "takes a POST and leads to the queue",
    "_role": "takes a POST and leads to the staff",
    "_status": "takes a POST and leads to the member",
    "_export": "takes a POST and leads to the export",
    "_clock": "takes a POST and leads to the project",
    "_choose": "takes a POST of who runs the installation",
    "_roll-back": "takes a POST that names the revision: see the scene of it",
    "hold_cancel": "takes a POST of a capture: see the scene of it",
    "log_in_code": "the second step of a log-in: leads to the overview, who is logged in; see the scene of it",
    "second_factor_confirm": "leads to the log-ins, unless a second factor is being set up: see the scene of it",
    "log_out_elsewhere": "takes a POST and leads to the log-ins",
    "switch_environment": "takes a POST and leads to the same list",
    "logout": "takes a POST and leads to the log-in",
    "password_change_done": "Django's word of thanks, in the same frame as the form",
    "autocomplete": "JSON for look-ups",
    "jsi18n": "a script",
    "view_on_site": "Django's own redirect; no model has a page on another site",
    "app_list": "leads to the overview",
    "search": "a part of the palette, for its script",
    "plan_change": "leads to the plan's one page",
    "project_changelist": "leads to the project's one page",
    "memberapp_changelist": "leads to the app's one page",
    "memberapp_add": "leads to the app's one page",
}
# Which of the console's nouns nobody adds by a form: others make them, or they happen.
NOT_ADDED = [
    "auditevent",
    "webhookdelivery",
    "adjustmentrequest",
    "backtest",
    "codeupload",
    "event",
    "export",
    "hold",
    "ledgerentry",
    "member",
    "redemption",
    "stampcollection",
    "stampreward",
    "plan",
    "project",
]
# Pages in spite of how their names end.
PAGES = {"loyalty_redemption_resend"}


def why_no_page(address: Address) -> str | None:
    """The reason why the crawl does not open it; None of a page."""
    if address.name in PAGES:
        return None
    if address.name.endswith("_add") and address.name.split("_")[1] in NOT_ADDED:
        return "nobody adds one by a form"
    return next((why for end, why in NO_PAGES.items() if address.name.endswith(end)), None)


def addresses() -> list[Address]:
    """All that have a name; the nameless ones lead on to one of these."""
    found = []
    for model in registered():
        found += [_address(pattern, model) for pattern in site._registry[model].get_urls() if pattern.name]
    names = {address.name for address in found}
    others = [p for p in _patterns(site.get_urls()) if p.name and p.name not in names]
    return found + [_address(pattern, None) for pattern in others]


def pages() -> list[Address]:
    return [address for address in addresses() if why_no_page(address) is None]


def _address(pattern: URLPattern, model: type[Model] | None) -> Address:
    return Address(pattern.name or "", model, "object_id" in str(pattern.pattern))


def _patterns(given: "list[URLPattern | URLResolver]") -> Iterator[URLPattern]:
    for pattern in given:
        if isinstance(pattern, URLPattern):
            yield pattern
        else:
            yield from _patterns(pattern.url_patterns)
