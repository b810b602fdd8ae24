"""Tables that people import and export in the admin: CSV, XLSX and JSON, exact and within bounds. See docs/adr/0022."""

from importlib import import_module

from tablib.formats import registry


def load_without_workbooks() -> None:
    """Load the formats of the library, which loads all others with them to know whether it can.

    openpyxl takes 30 MB, with NumPy, and most processes never see a workbook; it is loaded with the first one.
    """
    registry.register("xlsx", registry.get_format("csv"))
    import_module("import_export.formats.base_formats")
    registry.register("xlsx", "tablib.formats._xlsx.XLSXFormat")
