"""What a list is called: as in the sidebar, wherever its name stands."""

from typing import Final

_NAMES: Final = {
    "adjustment requests": "Approvals",
    "audit events": "Audit trail",
    "inventory sets": "Inventory",
    "ledger entries": "Ledger",
    "milestone sets": "Milestones",
    "plans": "Plan",
    "program shares": "Shared programs",
    "projects": "Project",
    "rewards": "Catalogue",
    "tier ladders": "Tiers",
    "token keys": "Member token keys",
}


def list_name(plural: str) -> str:
    """By the plural of the model's name, with a capital letter."""
    return _NAMES.get(plural) or (plural[:1].upper() + plural[1:]).replace("Api ", "API ")
