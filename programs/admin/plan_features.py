"""Pages of what a plan may not hold: left out of the sidebar, and refused by their address (domain.md 10)."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from programs.errors import FeatureNotInPlan
from programs.models import Environment
from programs.queries.plans import has_feature

# What the names of their pages begin with. Requests that wait for approval stay reachable: they can be withdrawn.
_PAGES = {
    "programs_stampprogram_": "stamps",
    "loyalty_stampcollection_": "stamps",
    "loyalty_stampreward_": "stamps",
    "loyalty_member_enrol": "stamps",
    "programs_challenge_": "challenges",
    "audit_webhookendpoint_": "webhooks",
    "audit_webhookdelivery_": "webhooks",
    "programs_programshare_": "cross_project",
}
_HIDDEN = {**_PAGES, "loyalty_adjustmentrequest_": "approvals"}


def is_hidden(environment: Environment | None, page: str) -> bool:
    """Whether the sidebar leaves the page out, by its name."""
    feature = _feature(_HIDDEN, page)
    return bool(feature and environment and not has_feature(environment, feature))


def refuse_hidden(request: HttpRequest, environment: Environment | None) -> None:
    """Raises PermissionDenied on a page of a feature that the plan does not hold."""
    name = request.resolver_match.url_name if request.resolver_match else None
    feature = _feature(_PAGES, name or "")
    if feature and environment and not has_feature(environment, feature):
        raise PermissionDenied(
            f"{FeatureNotInPlan(feature).detail} What was made before is kept; the page Plan says more."
        )


def _feature(pages: dict[str, str], name: str) -> str | None:
    return next((feature for begin, feature in pages.items() if name.startswith(begin)), None)
