"""Refusals by an organization's plan (domain.md 10), and of what is no more. Nothing was written."""

from audit.errors import DomainError


class PlanLimitExceeded(DomainError):
    """The plan allows no more of it. Data: `limit` (its name), `used`, `allowed`."""

    code = "plan_limit_exceeded"
    title = "Plan limit exceeded"

    def __init__(self, limit: str, *, used: int, allowed: int) -> None:
        noun = limit.replace("_per_month", " this month").replace("_", " ")
        detail = (
            f"{noun.capitalize()}: {used:,} used of {allowed:,} that the plan allows; ask for a larger plan."
        )
        super().__init__(detail, limit=limit, used=used, allowed=allowed)


class FeatureNotInPlan(DomainError):
    """The plan does not hold the feature. Data: `feature`."""

    code = "feature_not_in_plan"
    title = "Feature not in plan"

    def __init__(self, feature: str) -> None:
        noun = feature.replace("_", "-")
        detail = f"The organization's plan has no {noun}; ask for one that has."
        super().__init__(detail, feature=feature)


class EnvironmentArchived(DomainError):
    """The sandbox was reset meanwhile; there is a new one in its place."""

    code = "environment_archived"
    title = "Environment archived"

    def __init__(self) -> None:
        super().__init__("The sandbox was reset meanwhile, and nothing was done; repeat it in the new one.")
