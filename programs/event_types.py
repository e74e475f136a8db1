"""What an event type may look like, wherever one is named. Pure, like the conditions."""

import re
from typing import Final

from programs.conditions import Fault

EVENT_TYPE: Final = r"^[A-Za-z0-9_.:-]{1,100}\Z"
"""POST /v1/events takes no other, so that nothing else could ever come in."""
_MATCHES = re.compile(EVENT_TYPE).match


def event_type_fault(event_type: str) -> Fault | None:
    """What is wrong with it, with the path ""; None where it is right."""
    if _MATCHES(event_type):
        return None
    detail = "Give an event type: letters, digits and _ . : - only, without spaces, at most 100."
    return Fault("", "invalid", detail)
