"""The Audience document's answers as shapes: exactly its names, in its order, and values of its kinds."""

import re
from collections.abc import Iterator
from typing import Any

# What there may be none of: then it is null.
NULLABLE = {
    "media",
    "minimumValue",
    "maximumValue",
    "subtitle",
    "notification.title",
    "notification.message",
    "from",
    "to",
    "metricId",
    "metricQuantity",
    "inventorySetId",
    "inventoryItemId",
    "data[].title",  # of a notification
    "data[].message",
    "challengeId",
    "missionId",
    "link",
    "coupon_id",
    "coupon_type",
    "coupon_code",
    "milestoneChanges.*.oldValue",
    "milestoneChanges.*.newValue",
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The document's words stand for others of the same list.
_WORDS = {
    "none": {"none", "toast", "popup"},
    "toast": {"none", "toast", "popup"},
    "metric": {"metric", "inventory_item", "coupon"},
    "challengeCompleted": {
        "missionCompleted",
        "challengeCompleted",
        "missionRevoked",
        "challengeRevoked",
        "metricChanged",
        "inventoryChanged",
    },
    "OK": {"OK"},
}


def faults(documented: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where `found` is not of the documented shape; no name may be missing, too many or out of its place."""
    if found is None and any(path.endswith(f".{name}") or path == name for name in NULLABLE):
        return
    if isinstance(documented, dict):
        yield from _object(documented, found, path)
    elif isinstance(documented, list):
        if not isinstance(found, list):
            yield f"{path}: {found!r} is no list"
            return
        for value in found:
            yield from faults(documented[0], value, f"{path}[]")
    elif type(documented) is not type(found):
        yield f"{path}: {found!r} is no {type(documented).__name__}"
    elif isinstance(documented, str):
        yield from _text(documented, found, path)


def _object(documented: dict[str, Any], found: Any, path: str) -> Iterator[str]:
    if not isinstance(found, dict):
        yield f"{path}: {found!r} is no object"
        return
    (first, *_) = documented
    if first.startswith("<"):  # a map by ids of the tenant's own
        for value in found.values():
            yield from faults(documented[first], value, f"{path}.*")
        return
    if list(found) != list(documented):
        yield f"{path}: {list(found)}, not {list(documented)}"
    for name in documented.keys() & found.keys():
        yield from faults(documented[name], found[name], f"{path}.{name}")


def _text(documented: str, found: str, path: str) -> Iterator[str]:
    if documented in _WORDS and found not in _WORDS[documented]:
        yield f"{path}: {found!r} is none of {sorted(_WORDS[documented])}"
    if _UUID.fullmatch(documented) and not _UUID.fullmatch(found):
        yield f"{path}: {found!r} is no UUID"
