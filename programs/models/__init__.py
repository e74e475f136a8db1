from programs.models.challenges import (
    Challenge,
    ChallengeReward,
    Coupon,
    Milestone,
    MilestoneSet,
    Mission,
)
from programs.models.earning_rules import EarningRule, EarningRuleRevision
from programs.models.inventory import InventoryItem, InventorySet
from programs.models.keys import ApiKey
from programs.models.member_apps import MemberApp
from programs.models.metrics import Metric
from programs.models.pictures import Picture
from programs.models.plans import EventAllowance, EventLease, Plan, PlanWarning, Seats
from programs.models.programs import Program
from programs.models.rewards import Reward
from programs.models.second_factors import LogIns, RecoveryCode, SecondFactor
from programs.models.shares import ProgramShare
from programs.models.stamp_programs import StampProgram
from programs.models.tenancy import (
    BatchPassage,
    ClockChange,
    Environment,
    Organization,
    Passage,
    Project,
    ProjectMembership,
)
from programs.models.tiers import Tier, TierLadder
from programs.models.token_keys import TokenKey

__all__ = [
    "ApiKey",
    "BatchPassage",
    "Challenge",
    "ChallengeReward",
    "ClockChange",
    "Coupon",
    "EarningRule",
    "EarningRuleRevision",
    "Environment",
    "EventAllowance",
    "EventLease",
    "InventoryItem",
    "InventorySet",
    "LogIns",
    "MemberApp",
    "Metric",
    "Milestone",
    "MilestoneSet",
    "Mission",
    "Organization",
    "Passage",
    "Picture",
    "Plan",
    "PlanWarning",
    "Program",
    "ProgramShare",
    "Project",
    "ProjectMembership",
    "RecoveryCode",
    "Reward",
    "Seats",
    "SecondFactor",
    "StampProgram",
    "Tier",
    "TierLadder",
    "TokenKey",
]
