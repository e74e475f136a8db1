"""Which log-ins of the console count: by password and, where the user has one, by the second factor; for a time.

A log-in that counts no more is nobody's: `request.user` is anonymous then, on every page there is.
"""

import time
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.signals import user_logged_in
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.dispatch import receiver
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY

from programs.models import Project, SecondFactor

LOGGED_IN_AT, SEEN_AT, ROUND = "logged_in_at", "seen_at", "log_in_round"  # in the session
_NOTED_AFTER = 60  # seconds between two notes that the user is still there

ENDED = {
    "idle": "You were logged out because you had done nothing for a while.",
    "long": "You were logged out because you had been logged in for long.",
    "elsewhere": "You were logged out: the password or the second factor was changed, or you logged out everywhere.",
    "code": "The log-in took too long, or the password changed meanwhile. Begin again.",
    "form": "You were logged out, so the form was not saved. Log in, and you are back at its page to enter it again.",
}


class StaffBackend(ModelBackend):
    """Django's own, whose `get_user` also finds what a log-in is judged by. One statement, as before."""

    def get_user(self, user_id: Any) -> User | None:
        user = with_log_ins(User.objects.all()).filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


def with_log_ins(users: QuerySet[User]) -> QuerySet[User]:
    """With `log_in_round`, `must_choose_password`, `second_factor_id` and `lacks_second_factor`: whether a project of
    theirs asks for one and they have none."""
    factor = SecondFactor.objects.filter(user=OuterRef("pk"), confirmed=True)
    asking = Project.objects.filter(two_factor_required=True)
    asked = Exists(asking.filter(memberships__user=OuterRef("pk"))) | (Q(is_superuser=True) & Exists(asking))
    return users.annotate(
        log_in_round=Coalesce(F("log_ins__round"), 0),
        must_choose_password=Coalesce(F("log_ins__must_choose_password"), False),
        second_factor_id=Subquery(factor.values("pk")[:1]),
        lacks_second_factor=ExpressionWrapper(~Exists(factor) & asked, output_field=BooleanField()),
    )


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """Who is logged in, if the log-in still counts; else nobody, the session is gone and `request.log_in_ended` says
    why."""
    was_in = SESSION_KEY in request.session
    user = get_user(request)
    if not isinstance(user, User):
        if was_in:
            request.log_in_ended = "elsewhere"  # type: ignore[attr-defined]
        return AnonymousUser()
    ended = _ended(request, user)
    if ended is None:
        _note_presence(request)
        return user
    request.session.flush()
    request.log_in_ended = ended  # type: ignore[attr-defined]
    return AnonymousUser()


def _ended(request: HttpRequest, user: Any) -> str | None:
    session, now = request.session, time.time()
    factor = user.second_factor_id
    proven = session.get(DEVICE_ID_SESSION_KEY)
    if proven != (f"{SecondFactor.model_label()}/{factor}" if factor else None):
        return "elsewhere"
    if session.get(ROUND) != user.log_in_round:
        return "elsewhere"
    if now - session.get(LOGGED_IN_AT, 0) > settings.SESSION_COOKIE_AGE:
        return "long"
    return "idle" if now - session.get(SEEN_AT, 0) > settings.SESSION_IDLE_SECONDS else None


def _note_presence(request: HttpRequest) -> None:
    """Now and then, and by pages alone: what a page asks for beside itself could overwrite what the page stores."""
    is_page = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if is_page and time.time() - request.session[SEEN_AT] > min(
        _NOTED_AFTER, settings.SESSION_IDLE_SECONDS / 10
    ):
        request.session[SEEN_AT] = int(time.time())


@receiver(user_logged_in)
def begin_log_in(request: HttpRequest, user: User, **_: Any) -> None:
    """What a new session carries, however it was begun."""
    request.session[LOGGED_IN_AT] = request.session[SEEN_AT] = int(time.time())
    carry_round(request, with_log_ins(User.objects.all()).get(pk=user.pk).log_in_round)  # type: ignore[attr-defined]


def carry_round(request: HttpRequest, number: int) -> None:
    """The session counts among the log-ins of that round."""
    request.session[ROUND] = number


def logged_in_since(request: HttpRequest) -> float:
    """Seconds since the password was last asked for at the log-in."""
    return time.time() - float(request.session.get(LOGGED_IN_AT, 0))
