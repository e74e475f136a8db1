"""What still has a payload, by when it happened: retention finds what is due without reading what is done.

Built without a lock that writers would wait for. It can be run again.
"""

from django.db import migrations, models
from django.db.models import Q

from audit.online import AddIndexOnline

_WHEN = ["environment_id", "occurred_at"]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("loyalty", "0013_exports")]

    operations = [
        AddIndexOnline(
            model_name="hold",
            index=models.Index(
                condition=Q(
                    Q(("status", "open"), _negated=True),
                    Q(("reason__isnull", False), ("metadata__isnull", False), _connector="OR"),
                ),
                fields=_WHEN,
                name="hold_payload",
            ),
        ),
        AddIndexOnline(
            model_name="redemption",
            index=models.Index(
                condition=Q(
                    Q(("status", "pending"), _negated=True),
                    Q(
                        ("reason__isnull", False),
                        ("metadata__isnull", False),
                        ("note__isnull", False),
                        ("closed_reason__isnull", False),
                        _connector="OR",
                    ),
                ),
                fields=_WHEN,
                name="redemption_payload",
            ),
        ),
        AddIndexOnline(
            model_name="achievement",
            index=models.Index(
                condition=Q(("title__isnull", False), ("message__isnull", False), _connector="OR"),
                fields=_WHEN,
                name="achievement_payload",
            ),
        ),
    ]
