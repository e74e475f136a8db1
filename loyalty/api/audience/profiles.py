"""GET /api/loyalty/profile: what the member has, and has achieved."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.profiles import open_profile
from loyalty.api.audience import examples, rendering, shapes
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.queries.profiles import profile_of


class ProfileView(AudienceView):
    @operation(
        "audience_profile",
        "Get user's rewards profile",
        answer=shapes.AudienceProfileAnswer,
        example=examples.PROFILE,
        description="A member who is new is made. Metrics before their first change have their default.",
    )
    def get(self, request: Request) -> Response:
        member = open_profile(
            environment=self.environment, member=self.member, actor=self.actor, now=self.now
        )
        found = profile_of(environment=self.environment, member=member, now=self.now)
        return self.envelope(rendering.profile(found))
