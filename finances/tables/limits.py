"""What a table may be, so that no file keeps a server busy or fills its memory."""

MAX_BYTES = 10 * 1024 * 1024  # of an uploaded file
MAX_UNPACKED = 100 * 1024 * 1024  # of an XLSX file, which is packed
MAX_OTHER_PART = 1024 * 1024  # of such a file, of what is not its cells: styles, names, pictures
MAX_PARTS = 1_000  # of such a file, which is a folder of many
MAX_COLUMNS = 60
MAX_CELL = 10_000  # characters
MAX_ROWS = 5_000  # that are looked at and stored one by one
MAX_BULK_ROWS = 50_000  # that are stored at once, and of any table that is exported
MAX_SHOWN = 200  # of a preview


class TableError(ValueError):
    """A file is no table that can be read; says so in a sentence for people."""
