"""Examples of the OpenAPI document: those of the Audience document, with values."""

from typing import Any

_CHALLENGE = "123e4567-e89b-12d3-a456-426614174000"
_MISSION = "123e4567-e89b-12d3-a456-426614174001"
_TOAST = {"display": "toast", "title": "Well done", "message": "You watched three videos."}
CONFIG: dict[str, Any] = {
    "message": "OK",
    "data": {
        "metrics": [
            {
                "id": "xp",
                "title": "Experience",
                "media": "https://cdn.example.com/xp.png",
                "defaultValue": 0,
                "minimumValue": None,
                "maximumValue": 10000,
            }
        ],
        "inventory": [
            {
                "id": "badges",
                "title": "Badges",
                "items": [
                    {"id": "watcher", "title": "Watcher", "media": "https://cdn.example.com/watcher.png"}
                ],
            }
        ],
        "challenges": [
            {
                "id": _CHALLENGE,
                "title": "A week of videos",
                "subtitle": "Watch three",
                "notification": _TOAST,
                "showInProfile": True,
                "showInRail": True,
                "time": {"showInUI": True, "from": 1767225600000, "to": None},
                "missions": [
                    {
                        "id": _MISSION,
                        "title": "Watch three videos",
                        "type": "video_watched",
                        "notification": {"display": "none", "title": None, "message": None},
                    }
                ],
                "rewards": [
                    {
                        "type": "metric",
                        "metricId": "xp",
                        "metricQuantity": 100,
                        "inventorySetId": None,
                        "inventoryItemId": None,
                    }
                ],
            }
        ],
    },
}
PROFILE = {
    "message": "OK",
    "data": {
        "metrics": {"xp": 100},
        "inventory": {"badges": ["watcher"]},
        "challenges": {_CHALLENGE: {"isCompleted": True, "missionsCompleted": [_MISSION]}},
    },
}
_PAYLOAD = {
    "challengeId": _CHALLENGE,
    "missionId": None,
    "metricChanges": {"xp": {"oldValue": 0, "newValue": 100}},
    "inventoryChanges": {"received": [{"setId": "badges", "itemId": "watcher"}], "lost": []},
    "milestoneChanges": {"levels": {"oldValue": None, "newValue": "beginner"}},
}
_LINE = {
    "id": "ach_0190b6d2c0a17c3e8f5d2b1a4c6e8f05",
    "timestamp": 1767268800000,
    "type": "challengeCompleted",
}
NOTIFICATIONS = {"message": "OK", "data": [{**_LINE, **_TOAST, "payload": _PAYLOAD}]}
HISTORY = {"message": "OK", "data": [{**_LINE, "payload": _PAYLOAD}]}
COUPON = {
    "message": "OK",
    "data": {
        "id": "spring",
        "title": "Spring sale",
        "link": "https://shop.example.com/spring",
        "coupon_id": "4711",
        "coupon_type": "percentage",
        "coupon_code": "SPRING-7KQ2MPXA",
        "showOnNotification": True,
    },
}
ACTION = {"action": "video_watched", "data": {"title": "Trailer", "seconds": 1000, "finished": True}}
