from loyalty.models.approvals import AdjustmentRequest
from loyalty.models.back_tests import BackTest
from loyalty.models.challenges import Achievement, MilestoneChange, MissionProgress
from loyalty.models.events import Event, EventCount
from loyalty.models.exports import Export, ExportPiece
from loyalty.models.holds import Hold, HoldLot
from loyalty.models.idempotency import IdempotencyRecord
from loyalty.models.imports import Import, ImportPiece, ImportProblem
from loyalty.models.inventory import ItemChange, MemberItem
from loyalty.models.ledger import Account, LedgerEntry, Lot, LotUse, Uncovered
from loyalty.models.members import Member, member_key
from loyalty.models.redemptions import CodeUpload, Redemption, RewardCode, RewardStock
from loyalty.models.referrals import Referral, ReferralCode
from loyalty.models.retention import RetentionMark
from loyalty.models.rollups import ActiveMember, PointsOfDay, RollupPosition, RollupZone
from loyalty.models.stamps import Stamp, StampCollection, StampReward
from loyalty.models.tiers import MemberTier, TierChange, TierProgress
from loyalty.models.usage import RuleBudget, RuleUsage

__all__ = [
    "Account",
    "Achievement",
    "ActiveMember",
    "AdjustmentRequest",
    "BackTest",
    "CodeUpload",
    "Event",
    "EventCount",
    "Export",
    "ExportPiece",
    "Hold",
    "HoldLot",
    "IdempotencyRecord",
    "Import",
    "ImportPiece",
    "ImportProblem",
    "ItemChange",
    "LedgerEntry",
    "Lot",
    "LotUse",
    "Member",
    "MemberItem",
    "MemberTier",
    "MilestoneChange",
    "MissionProgress",
    "PointsOfDay",
    "Redemption",
    "Referral",
    "ReferralCode",
    "RetentionMark",
    "RewardCode",
    "RewardStock",
    "RollupPosition",
    "RollupZone",
    "RuleBudget",
    "RuleUsage",
    "Stamp",
    "StampCollection",
    "StampReward",
    "TierChange",
    "TierProgress",
    "Uncovered",
    "member_key",
]
