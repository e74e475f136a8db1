"""What the trail's list and its search read by: rows of no environment, and those about no member, which are few."""

from django.db import migrations, models
from django.db.models import Q

from audit.online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0005_seals")]

    operations = [
        AddIndexOnline(
            "auditevent",
            models.Index(
                fields=["project_id", "-id"],
                condition=Q(environment_id__isnull=True),
                name="audit_of_project",
            ),
        ),
        AddIndexOnline(
            "auditevent",
            models.Index(
                fields=["object_id", "-id"], condition=Q(member_id__isnull=True), name="audit_configured"
            ),
        ),
    ]
