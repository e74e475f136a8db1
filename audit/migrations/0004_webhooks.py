import audit.ids
import audit.models.events
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from audit.append_only import foreign_key


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0003_outbox'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('organization_id', models.UUIDField()),
                ('project_id', models.UUIDField()),
                ('environment_id', models.UUIDField()),
                ('url', models.CharField(max_length=2000)),
                ('description', models.CharField(blank=True, default='', max_length=200)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=64), help_text='`points.earned`, `points.*`, or `*` for everything.', size=None)),
                ('status', models.CharField(choices=[('enabled', 'Enabled'), ('disabled', 'Disabled')], default='enabled', max_length=8)),
                ('disabled_at', models.DateTimeField(blank=True, null=True)),
                ('disabled_reason', models.CharField(blank=True, default='', max_length=200)),
                ('secret', models.TextField(editable=False, help_text='Encrypted.')),
                ('previous_secret', models.TextField(blank=True, default='', editable=False, help_text='Encrypted; signs too until `previous_until`.')),
                ('previous_until', models.DateTimeField(blank=True, null=True)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('last_success_at', models.DateTimeField(blank=True, null=True)),
                ('archived_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['environment_id', '-id'], name='webhook_endpoint_place')],
                'constraints': [models.UniqueConstraint(fields=('id', 'environment_id'), name='webhook_endpoint_environment'), models.CheckConstraint(condition=models.Q(models.Q(('disabled_at__isnull', True), ('status', 'enabled')), models.Q(('disabled_at__isnull', False), ('status', 'disabled')), _connector='OR'), name='webhook_endpoint_status_valid'), models.CheckConstraint(condition=models.Q(('url__startswith', 'https://'), ('url__startswith', 'http://'), _connector='OR'), name='webhook_endpoint_url_valid'), models.CheckConstraint(condition=models.Q(('event_types', []), _negated=True), name='webhook_endpoint_has_types'), models.CheckConstraint(condition=models.Q(('secret', ''), _negated=True), name='webhook_endpoint_has_secret'), models.CheckConstraint(condition=models.Q(models.Q(('previous_secret', ''), ('previous_until__isnull', True)), models.Q(models.Q(('previous_secret', ''), _negated=True), ('previous_until__isnull', False)), _connector='OR'), name='webhook_endpoint_previous_whole')],
            },
        ),
        migrations.CreateModel(
            name='WebhookRelay',
            fields=[
                ('id', models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('epoch', models.SmallIntegerField()),
                ('transaction', audit.models.events.TransactionId()),
                ('event_id', models.UUIDField()),
                ('checked_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='webhook_relay_one')],
            },
        ),
        migrations.CreateModel(
            name='WebhookSequence',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('member_id', models.UUIDField()),
                ('last', models.BigIntegerField()),
            ],
            options={
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('environment_id', 'member_id'), name='webhook_sequence_member'), models.CheckConstraint(condition=models.Q(('last__gt', 0)), name='webhook_sequence_positive')],
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.UUIDField(default=audit.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('environment_id', models.UUIDField()),
                ('event_id', models.UUIDField(help_text='The audit event.')),
                ('type', models.CharField(max_length=64)),
                ('member_id', models.UUIDField(null=True)),
                ('sequence', models.BigIntegerField(help_text='Rises with the events of one member.', null=True)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed')], default='pending', max_length=9)),
                ('attempts', models.PositiveIntegerField(default=0, help_text='Since it was made, or was last resent.')),
                ('next_attempt_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(help_text='While it is being sent: nobody else sends it until then.', null=True)),
                ('first_attempt_at', models.DateTimeField(null=True)),
                ('give_up_at', models.DateTimeField(help_text='Empty until the first attempt.', null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('response_status', models.PositiveSmallIntegerField(null=True)),
                ('latency_ms', models.PositiveIntegerField(null=True)),
                ('response', models.TextField(blank=True, default='', help_text='The first 1 KiB of what was answered.')),
                ('error', models.CharField(blank=True, default='', max_length=300)),
                ('history', models.JSONField(default=list, help_text='[{at, status, latency_ms, error}], oldest first.')),
                ('erased', models.BooleanField(default=False, help_text="Its member is: no answer's text is kept any more.")),
                ('created_at', models.DateTimeField()),
                ('endpoint', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='audit.webhookendpoint')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('status', 'pending')), fields=['endpoint', 'next_attempt_at'], name='webhook_delivery_due'), models.Index(condition=models.Q(('attempts__gte', 0), ('status', 'pending')), fields=['next_attempt_at'], name='webhook_delivery_next'), models.Index(fields=['environment_id', '-id'], name='webhook_delivery_place'), models.Index(fields=['endpoint', '-id'], name='webhook_delivery_endpoint'), models.Index(condition=models.Q(('member_id__isnull', False)), fields=['member_id'], name='webhook_delivery_member'), models.Index(fields=['created_at'], name='webhook_delivery_age')],
                'constraints': [models.UniqueConstraint(fields=('endpoint', 'event_id'), name='webhook_delivery_once'), models.CheckConstraint(condition=models.Q(('status__in', ['pending', 'delivered', 'failed'])), name='webhook_delivery_status_valid'), models.CheckConstraint(condition=models.Q(models.Q(('delivered_at__isnull', False), ('status', 'delivered')), models.Q(models.Q(('status', 'delivered'), _negated=True), ('delivered_at__isnull', True)), _connector='OR'), name='webhook_delivery_delivered_at'), models.CheckConstraint(condition=models.Q(models.Q(('member_id__isnull', True), ('sequence__isnull', True)), models.Q(('member_id__isnull', False), ('sequence__gt', 0)), _connector='OR'), name='webhook_delivery_sequence'), models.CheckConstraint(condition=models.Q(('erased', False), models.Q(('error', ''), ('history', []), ('response', '')), _connector='OR'), name='webhook_delivery_erased')],
            },
        ),
        foreign_key(
            "audit_webhookdelivery",
            "webhook_delivery_endpoint_fk",
            "endpoint_id, environment_id",
            "audit_webhookendpoint",
            "id, environment_id",
        ),
        # What is open now is looked at when it has ended; what is over was told to nobody and stays untold.
        migrations.RunSQL(
            """
            INSERT INTO audit_webhookrelay (id, epoch, transaction, event_id)
            SELECT 1, coalesce(max(epoch), 1), pg_snapshot_xmin(pg_current_snapshot()),
                '00000000-0000-0000-0000-000000000000'
            FROM audit_auditevent
            """,
            migrations.RunSQL.noop,
        ),
    ]
