from programs.models.earning_rules import EarningRule, EarningRuleRevision
from programs.models.keys import ApiKey
from programs.models.metrics import Metric
from programs.models.plans import Plan
from programs.models.programs import Program
from programs.models.tenancy import ClockChange, Environment, Organization, Project, ProjectMembership
from programs.models.tiers import Tier, TierLadder

__all__ = [
    "ApiKey",
    "ClockChange",
    "EarningRule",
    "EarningRuleRevision",
    "Environment",
    "Metric",
    "Organization",
    "Plan",
    "Program",
    "Project",
    "ProjectMembership",
    "Tier",
    "TierLadder",
]
