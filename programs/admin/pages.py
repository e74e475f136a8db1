"""Console pages of what the tenant configures, one file a noun."""

from programs.admin.coupons import CouponAdmin
from programs.admin.keys import ApiKeyAdmin
from programs.admin.metrics import MetricAdmin
from programs.admin.programs import ProgramAdmin
from programs.admin.shares import ProgramShareAdmin
from programs.admin.staff import StaffAdmin
from programs.admin.token_keys import TokenKeyAdmin

__all__ = [
    "ApiKeyAdmin",
    "CouponAdmin",
    "MetricAdmin",
    "ProgramAdmin",
    "ProgramShareAdmin",
    "StaffAdmin",
    "TokenKeyAdmin",
]
