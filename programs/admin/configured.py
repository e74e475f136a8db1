"""Pages that edit configuration: the form is checked as the action will check it, then the action saves."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from audit.errors import DomainError
from programs.actions.configure import clean, configure
from programs.admin.base import TenantAdmin, actor_of, form_errors, require, required_environment
from programs.models import Environment
from programs.queries.staff import Role

ModelT = TypeVar("ModelT", bound=Model)


class ConfiguredForm(forms.ModelForm[Any]):
    """Told its environment by the page, so that "unique in this environment" is checked too."""

    environment: ClassVar[Environment]

    def _post_clean(self) -> None:
        if self.instance._state.adding:
            self.instance.environment = self.environment
        opts = self._meta
        construct = forms.models.construct_instance
        self.instance = construct(self, self.instance, opts.fields, opts.exclude)
        if self.errors:
            return
        try:
            self.check_instance()
        except DomainError as error:
            form_errors(self, error, self.error_fields())

    def error_fields(self) -> dict[str, str]:
        """Where a refusal of what is not a field of the form is shown, by the path or its beginning."""
        return {}

    def check_instance(self) -> None:
        """Raises InvalidRequest."""
        clean(self.instance)

    def changes(self) -> dict[str, Any]:
        """The fields of the model that this form sets, with their new values."""
        names = {field.name for field in self._meta.model._meta.concrete_fields}
        return {name: getattr(self.instance, name) for name in self.cleaned_data if name in names}


class ConfiguredAdmin(TenantAdmin[ModelT]):
    """A configured noun: operators edit it through `configure`."""

    writer = Role.OPERATOR.value
    form: type[ConfiguredForm] = ConfiguredForm

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.environment = required_environment(request)
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        environment = required_environment(request)
        configure(environment=environment, instance=obj, actor=actor_of(request), changes=form.changes())

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing hangs below a configured object that the form could save."""


class EditorAdmin(ConfiguredAdmin[ModelT]):
    """A configured noun that is added and changed on a page of its own, which others may read."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, "operator")
        return self.edit(request, None)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request, self.reader if request.method == "GET" else "operator")
        found = self.get_object(request, object_id)
        return self.not_found(request, object_id) if found is None else self.edit(request, found)

    def edit(self, request: HttpRequest, found: ModelT | None) -> HttpResponse:
        """The page of a new one, or of one that is stored; where it was sent, the answer to that."""
        raise NotImplementedError

    def saved(
        self, request: HttpRequest, form: Any, store: Callable[[HttpRequest, Any], ModelT]
    ) -> ModelT | None:
        """What was sent, stored; None where nothing was, or where it was refused (said on the form)."""
        if request.method != "POST" or form is None or not form.is_valid():
            return None
        try:
            stored = store(request, form)
        except DomainError as error:
            form.refuse(error)
            return None
        messages.success(request, self.saved_words(stored))
        return stored

    def saved_words(self, stored: ModelT) -> str:
        """What is said of what was just saved."""
        return f"{stored} is saved."
