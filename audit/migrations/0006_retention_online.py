"""What still has a payload, by when it happened: retention finds what is due without reading what is done.

Built without a lock that writers would wait for. It can be run again.
"""

from django.db import migrations, models
from django.db.models import Q

from audit.online import AddIndexOnline


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("audit", "0005_seals")]

    operations = [
        AddIndexOnline(
            model_name="auditevent",
            index=models.Index(
                condition=Q(
                    ("member_id__isnull", False),
                    Q(
                        ("before__isnull", False),
                        ("after__isnull", False),
                        ("ip__isnull", False),
                        _connector="OR",
                    ),
                ),
                fields=["environment_id", "occurred_at"],
                name="audit_payload",
            ),
        ),
    ]
