"""Console pages that show what members did, one file a noun."""

from loyalty.admin.approvals import AdjustmentRequestAdmin
from loyalty.admin.audit import AuditEventAdmin
from loyalty.admin.back_testing import BackTestAdmin
from loyalty.admin.challenges import ChallengeAdmin
from loyalty.admin.code_uploads import CodeUploadAdmin
from loyalty.admin.events import EventAdmin
from loyalty.admin.exports import ExportAdmin
from loyalty.admin.holds import HoldAdmin
from loyalty.admin.imports import ImportAdmin
from loyalty.admin.inventory import InventorySetAdmin
from loyalty.admin.ladders import TierLadderAdmin
from loyalty.admin.ledger import LedgerEntryAdmin
from loyalty.admin.member_app import MemberAppAdmin
from loyalty.admin.members import MemberAdmin
from loyalty.admin.milestones import MilestoneSetAdmin
from loyalty.admin.plan import PlanAdmin
from loyalty.admin.projects import ProjectAdmin
from loyalty.admin.redemptions import RedemptionAdmin
from loyalty.admin.rewards import RewardAdmin
from loyalty.admin.rules import RuleAdmin
from loyalty.admin.stamp_collections import StampCollectionAdmin
from loyalty.admin.stamp_programs import StampProgramAdmin
from loyalty.admin.stamp_rewards import StampRewardAdmin
from loyalty.admin.webhook_deliveries import WebhookDeliveryAdmin
from loyalty.admin.webhook_endpoints import WebhookEndpointAdmin

__all__ = [
    "AdjustmentRequestAdmin",
    "AuditEventAdmin",
    "BackTestAdmin",
    "ChallengeAdmin",
    "CodeUploadAdmin",
    "EventAdmin",
    "ExportAdmin",
    "HoldAdmin",
    "ImportAdmin",
    "InventorySetAdmin",
    "LedgerEntryAdmin",
    "MemberAdmin",
    "MemberAppAdmin",
    "MilestoneSetAdmin",
    "PlanAdmin",
    "ProjectAdmin",
    "RedemptionAdmin",
    "RewardAdmin",
    "RuleAdmin",
    "StampCollectionAdmin",
    "StampProgramAdmin",
    "StampRewardAdmin",
    "TierLadderAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
