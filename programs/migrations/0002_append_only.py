from django.db import migrations

from audit.append_only import guard


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial"), ("audit", "0002_append_only")]
    operations = [guard("programs_earningrulerevision")]
