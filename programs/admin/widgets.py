"""Unfold's inputs for our own forms, typed."""

from typing import Any

from django import forms
from unfold import widgets


def text_input(**attrs: Any) -> forms.Widget:
    made: forms.Widget = widgets.UnfoldAdminTextInputWidget(attrs=attrs)
    return made


def number_input(**attrs: Any) -> forms.Widget:
    made: forms.Widget = widgets.UnfoldAdminTextInputWidget(attrs={"inputmode": "numeric", **attrs})
    return made


def text_area(**attrs: Any) -> forms.Widget:
    made: forms.Widget = widgets.UnfoldAdminTextareaWidget(attrs=attrs)
    return made


def select(**attrs: Any) -> forms.Widget:
    made: forms.Widget = widgets.UnfoldAdminSelectWidget(attrs=attrs)
    return made


def date_time(**attrs: Any) -> forms.Widget:
    """The browser's own picker."""
    attrs = {"type": "datetime-local", "step": "1", "class": " ".join(widgets.INPUT_CLASSES), **attrs}
    return forms.DateTimeInput(attrs=attrs, format="%Y-%m-%dT%H:%M:%S")


def check_boxes(**attrs: Any) -> forms.Widget:
    return forms.CheckboxSelectMultiple(attrs={"class": "lc-checks", **attrs})


def day_input(**attrs: Any) -> forms.Widget:
    """The browser's own picker of a day."""
    attrs = {"type": "date", "class": " ".join(widgets.INPUT_CLASSES), **attrs}
    return forms.DateInput(attrs=attrs, format="%Y-%m-%d")


def month_input(**attrs: Any) -> forms.Widget:
    """The browser's own picker of a month; where it has none, 2026-02 is written."""
    attrs = {"type": "month", "class": " ".join(widgets.INPUT_CLASSES), **attrs}
    return forms.TextInput(attrs=attrs)
