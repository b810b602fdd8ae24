"""Import with a preview, and export, for the lists of the admin. Superusers only, who alone see other people's rows."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ExportMixin, ImportExportMixin
from import_export.forms import ExportForm, ImportForm

from finances.tables.formats import FORMATS
from finances.tables.limits import MAX_BYTES, MAX_SHOWN, TableError
from finances.tables.storage import WaitingFile

MAX_FAULTS = 10


class TableForm(ImportForm):  # type: ignore[misc]
    """The choice of a file, which is not too large."""

    def clean_import_file(self) -> Any:
        """Refuse a large file before it is read."""
        file = self.cleaned_data["import_file"]
        if file.size > MAX_BYTES:
            raise ValidationError(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB.", code="too_large")
        return file


class TableExportMixin(ExportMixin):  # type: ignore[misc]
    """A list that can be exported as it is filtered."""

    formats = FORMATS
    export_form_class = ExportForm  # that which offers a choice of columns needs a script in the page
    to_encoding = "utf-8"

    def has_export_permission(self, request: HttpRequest) -> bool:
        """Allow it to superusers."""
        return bool(request.user.is_active and request.user.is_superuser)

    def export_action(self, request: HttpRequest) -> Any:
        """Export the rows; a filter that cannot be read leads back to the list, as it does there, and exports none."""
        try:
            return super().export_action(request)
        except IncorrectLookupParameters:
            listed = reverse("admin:{}_{}_changelist".format(*self.get_model_info()))
            return HttpResponseRedirect(f"{listed}?{ERROR_FLAG}=1")


class TableAdminMixin(TableExportMixin, ImportExportMixin):  # type: ignore[misc]
    """A list that can be exported, and imported: all of a file or nothing of it."""

    import_template_name = "admin/import_table.html"
    import_form_class = TableForm
    tmp_storage_class = WaitingFile

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Allow it to superusers."""
        return bool(request.user.is_active and request.user.is_superuser)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        """Keep nothing of a file with a fault in it."""
        return {**super().get_import_data_kwargs(**kwargs), "rollback_on_validation_errors": True}

    def get_import_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say how much of the preview is shown."""
        return {**super().get_import_context_data(**kwargs), "most_shown": f":{MAX_SHOWN}"}

    def add_data_read_fail_error_to_form(self, form: Any, e: Exception) -> None:
        """Say what is wrong with the file."""
        form.add_error("import_file", str(e) if isinstance(e, TableError) else "This file cannot be read.")

    def process_import(self, request: HttpRequest, **kwargs: Any) -> Any:
        """Import what was previewed."""
        try:
            return super().process_import(request, **kwargs)
        except TableError as exc:
            messages.error(request, str(exc))
            return self.back_to("import")
        except IntegrityError:  # at the end of it all, when references are checked
            messages.error(request, "What a row needs was deleted meanwhile. Nothing was imported.")
            return self.back_to("import")
        except IndexError:  # of a format or a table that is none of those offered
            messages.error(request, "This is no file that was previewed; choose it again.")
            return self.back_to("import")

    def process_result(self, result: Any, request: HttpRequest) -> Any:
        """Say what was done; of what changed since the preview and is at fault now, say that nothing was."""
        if not result.has_errors() and not result.has_validation_errors():
            return super().process_result(result, request)
        faults = [str(error.error) for error in result.base_errors]
        faults += [f"Row {row.number}{sentence}" for row in result.invalid_rows for sentence in sentences(row)]
        faults += [f"Row {number}: {error.error}" for number, errors in result.row_errors() for error in errors]
        for fault in faults[:MAX_FAULTS]:
            messages.error(request, fault)
        messages.error(request, "Nothing was imported.")
        return self.back_to("import")

    def back_to(self, page: str) -> HttpResponseRedirect:
        """Lead to one of the model's pages."""
        return HttpResponseRedirect(reverse("admin:{}_{}_{}".format(*self.get_model_info(), page)))


def sentences(row: Any) -> list[str]:
    """Return what is wrong with a row, after the column if it is about one."""
    about = [f", {name}: {' '.join(told)}" for name, told in row.field_specific_errors.items()]
    return [*about, *(f": {told}" for told in row.non_field_specific_errors)]
