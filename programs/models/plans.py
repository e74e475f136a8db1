"""What a tenant may use (domain.md 10)."""

from django.db import models

from audit.ids import new_id


class Plan(models.Model):
    """Limits and features of an organization. A limit that is absent does not bind."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=200)
    limits = models.JSONField(
        default=dict, blank=True, help_text='{"members": 10000, …}; a missing limit is unlimited.'
    )
    features = models.JSONField(default=list, blank=True, help_text='["challenges", "stamps", …]')

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name
