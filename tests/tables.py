"""Importing and exporting tables in the admin, as a browser does."""

import io

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

CSV, XLSX, JSON = range(3)


def address(model, page):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")


def preview(client, model, content, form=CSV):
    content = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("table", content)
    return client.post(address(model, "import"), {"import_file": file, "format": str(form), "resource": "0"})


def confirm(client, model, page):
    sent = {name: bound.value() or "" for name, bound in ((each.name, each) for each in page.context["confirm_form"])}
    return client.post(address(model, "process_import"), sent, follow=True)


def put(client, model, content, form=CSV):
    """Import a file, after a preview that keeps nothing."""
    rows = list(model.objects.order_by("pk").values())
    page = preview(client, model, content, form)
    assert "confirm_form" in page.context, faults(page)
    assert list(model.objects.order_by("pk").values()) == rows
    return confirm(client, model, page)


def faults(page):
    """Return what a preview says is wrong."""
    result = page.context.get("result")
    if result is None:
        return [str(each) for errors in page.context["form"].errors.values() for each in errors]
    told = [str(error.error) for error in result.base_errors]
    told += [
        f"{row.number} {name}: {'; '.join(e)}" for row in result.invalid_rows for name, e in row.error_dict.items()
    ]
    return told + [f"{number} {error.error}" for number, errors in result.row_errors() for error in errors]


def taken(client, model, form=CSV, query=""):
    return client.post(address(model, "export") + query, {"format": str(form), "resource": "0"})


def sheet(*rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
