from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0010_challenges_online"), ("programs", "0010_approvals")]
    operations = []
