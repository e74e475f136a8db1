"""Console pages that show what members did, one file a noun."""

from loyalty.admin.audit import AuditEventAdmin
from loyalty.admin.events import EventAdmin
from loyalty.admin.holds import HoldAdmin
from loyalty.admin.ledger import LedgerEntryAdmin
from loyalty.admin.members import MemberAdmin
from loyalty.admin.projects import ProjectAdmin

__all__ = ["AuditEventAdmin", "EventAdmin", "HoldAdmin", "LedgerEntryAdmin", "MemberAdmin", "ProjectAdmin"]
