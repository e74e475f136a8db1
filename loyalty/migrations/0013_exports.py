from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0012_imports")]
    operations = []
