"""GET /api/loyalty/notifications: what the member has not been told yet."""

from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.notifications import fetch_notifications, pending_notifications
from loyalty.actions.profiles import open_profile
from loyalty.api.audience import examples, rendering, shapes
from loyalty.api.audience.bodies import NotificationsQuery
from loyalty.api.audience.docs import operation
from loyalty.api.audience.views import AudienceView
from loyalty.queries.notifications import Notification


class NotificationsView(AudienceView):
    @operation(
        "audience_notifications",
        "Get notifications",
        answer=shapes.AudienceNotificationsAnswer,
        example=examples.NOTIFICATIONS,
        query=NotificationsQuery,
        description="Oldest first. What is answered is marked as read, unless `ack` is given; two devices that ask at "
        "once get each another part. An app that must not lose one whose answer was lost on its way sends `ack`.",
    )
    def get(self, request: Request) -> Response:
        return self.envelope([rendering.notification(each) for each in self._unread(request)])

    def _unread(self, request: Request) -> list[Notification]:
        asked = self.query(NotificationsQuery)
        environment, member = self.environment, self.member
        open_profile(environment=environment, member=member, actor=self.actor, now=self.now)
        if request.method == "HEAD":  # it shows nothing, so nothing is read
            return pending_notifications(
                environment=environment, member=member, acknowledged=(), now=self.now
            )
        if "ack" in asked:
            return pending_notifications(
                environment=environment, member=member, acknowledged=asked["ack"], now=self.now
            )
        return fetch_notifications(environment=environment, member=member, now=self.now)
