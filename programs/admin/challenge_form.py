"""A challenge as a form, with its missions and rewards as rows (domain.md 8)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils import timezone

from audit.errors import DomainError, FieldError, InvalidRequest
from programs.actions.challenge_missions import read_missions
from programs.actions.challenge_rewards import read_rewards
from programs.admin.base import form_errors
from programs.admin.configured import ConfiguredForm
from programs.admin.mission_form import (
    NOTICE_HELP,
    NOTICE_LABELS,
    NOTIFIED,
    ChallengeRewardForm,
    Choices,
    MissionForm,
    blank_mission,
    blank_reward,
    mission_forms,
    notice_widgets,
    reward_forms,
)
from programs.admin.widgets import date_time, number_input, select, text_input
from programs.models import Challenge, ChallengeReward, Environment, Mission

MODEL_FIELDS = (
    *("title", "subtitle", "program", "per", "mission_order", "starts_at", "ends_at"),
    *("place", "show_in_profile", "show_in_rail", "show_time"),
    *NOTIFIED,
)
_LABELS = NOTICE_LABELS | {
    "per": "Can be done",
    "mission_order": "Its missions",
    "starts_at": "From",
    "ends_at": "Until",
    "place": "Place in the list",
    "show_in_profile": "In the member’s profile",
    "show_in_rail": "In the strip of challenges (the rail)",
    "show_time": "With its dates",
}
_HELP = NOTICE_HELP | {
    "title": "",
    "per": "Days, weeks and months are those of the project’s time zone.",
    "place": "Lower numbers come first in the app.",
    "show_in_profile": "",
    "show_in_rail": "",
    "starts_at": "In the project's time zone. Empty: at once.",
    "ends_at": "In the project's time zone. Empty: without end.",
}
_FIXED = "Fixed once it has begun. To change it, make another challenge and end this one."
_ROW = re.compile(r"(missions|rewards)\[(\d+)\]\.?(.*)")


class ChallengeForm(ConfiguredForm):
    starts_at = forms.DateTimeField(required=False, widget=date_time())
    ends_at = forms.DateTimeField(required=False, widget=date_time())

    class Meta:
        model = Challenge
        fields = MODEL_FIELDS
        labels = _LABELS
        help_texts = _HELP
        widgets = notice_widgets() | {
            "title": text_input(),
            "subtitle": text_input(),
            "per": select(),
            "mission_order": select(),
            "place": number_input(),
        }

    class Media:
        js = ("console/condition.js", "console/challenge.js")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _LABELS.items():
            self.fields[name].label = label
        for name, text in _HELP.items():
            self.fields[name].help_text = text
        made = self.instance
        if not made._state.adding and made.status != Challenge.Status.DRAFT:
            for name in ("program", "per"):
                self.fields[name].disabled, self.fields[name].help_text = True, _FIXED

    def check_instance(self) -> None:
        """Raises InvalidRequest. With its missions and rewards it is checked when it is saved."""
        made = self.instance
        made.created_at = made.created_at or timezone.now()  # the action notes its own
        made.updated_at = made.updated_at or made.created_at
        if made.starts_at and made.ends_at and made.ends_at <= made.starts_at:
            detail = "Give an instant after the beginning."
            raise InvalidRequest(detail, errors=[FieldError("ends_at", "invalid_value", detail)])
        super().check_instance()


@dataclass(slots=True)
class ChallengeEditor:
    """The form of a challenge with its rows, filled or as sent; stands in for a form where pages ask one."""

    form: Any
    missions: list[MissionForm]
    rewards: list[ChallengeRewardForm]
    choices: Choices
    stored: Challenge | None
    blanks: dict[str, Any] = field(default_factory=dict)
    is_checked: bool = False

    def __post_init__(self) -> None:
        """Rows that a script copies, and an empty one for browsers without scripts."""
        self.blanks = {"mission": blank_mission("n0000"), "reward": blank_reward("n0000", self.choices)}

    def is_valid(self) -> bool:
        """Rows are checked as saving will check them; one that nobody began is passed over."""
        whole = (self.form, *self.missions, *self.rewards)
        found = [each.is_valid() for each in whole]
        if not self.is_checked and self.is_bound:
            self.is_checked = True
            self._check_rows()
            found = [each.is_valid() for each in whole]
        return all(found)

    def _check_rows(self) -> None:
        challenge, stored = self.form.instance, self.stored
        missions = live_missions(stored) if stored else []
        rewards = list(stored.rewards.all()) if stored else []
        environment = self.form.environment
        has_begun = stored is not None and stored.status != Challenge.Status.DRAFT
        sent = [row.as_mission() for row in self.begun]
        _, faults = read_missions(environment, challenge, missions, sent, has_begun=has_begun)
        _, more = read_rewards(environment, challenge, rewards, [row.as_reward() for row in self.given])
        self.say([*faults, *more])

    @property
    def is_bound(self) -> bool:
        return bool(self.form.is_bound)

    @property
    def has_errors(self) -> bool:
        return any(each.errors for each in (self.form, *self.missions, *self.rewards))

    @property
    def begun(self) -> list[MissionForm]:
        """The missions that somebody began to fill in."""
        return [row for row in self.missions if _is_begun(row)]

    @property
    def given(self) -> list[ChallengeRewardForm]:
        return [row for row in self.rewards if _is_begun(row)]

    def made(self) -> tuple[Challenge, list[Mission], list[ChallengeReward]]:
        """What is on the screen, as far as it goes."""
        self.is_valid()
        return (
            self.form.instance,
            [row.instance for row in self.begun],
            [row.instance for row in self.given],
        )

    def refuse(self, error: DomainError) -> None:
        """Show a refusal that saving alone could meet, at its row and field."""
        others = self.say(error.errors)
        if others or not error.errors:
            form_errors(self.form, InvalidRequest(error.detail, errors=others))

    def say(self, faults: Iterable[FieldError]) -> list[FieldError]:
        """Put faults of rows at their fields, unless something is said there; what is none of a row comes back."""
        others = []
        for fault in faults:
            place = _ROW.fullmatch(fault.field)
            rows: Sequence[Any] = [] if not place else self.begun if place[1] == "missions" else self.given
            if not place or int(place[2]) >= len(rows):
                others.append(fault)
            elif place[3].partition(".")[0] not in rows[int(place[2])].errors:
                rows[int(place[2])].add_error(place[3] or None, fault.detail)
        return others

    def faults(self) -> list[str]:
        """What is still wrong or missing, each with its row and its field's name."""
        own = [
            f"{self.form.fields[name].label}: {text}" if name in self.form.fields else str(text)
            for name, texts in self.form.errors.items()
            for text in texts
        ]
        rows = [
            f"{noun} {number}: {text}"
            for noun, forms_ in (("Mission", self.begun), ("Reward", self.given))
            for number, row in enumerate(forms_, 1)
            for text in row.faults()
        ]
        return [*own, *rows]


def _is_begun(row: Any) -> bool:
    return not row.is_bound or not row.empty_permitted or row.has_changed()


def editor_of(form: Any, sent: Any, environment: Environment, stored: Challenge | None) -> ChallengeEditor:
    """The rows that were sent, or of the stored one. Four statements."""
    missions = live_missions(stored) if stored else []
    rewards = list(stored.rewards.all()) if stored else []
    is_live = stored is not None and stored.status != Challenge.Status.DRAFT
    choices = Choices(environment)
    return ChallengeEditor(
        form,
        mission_forms(sent, missions, is_live=is_live),
        reward_forms(sent, rewards, choices),
        choices,
        stored,
    )


def live_missions(challenge: Challenge) -> list[Mission]:
    """Those that were not removed, in their order."""
    return [mission for mission in challenge.missions.all() if mission.removed_at is None]
