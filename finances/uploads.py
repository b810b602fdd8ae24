"""How much may be uploaded at once, asked before anything of it is read."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from finances.tables.limits import MAX_BYTES

MOST = 2 * MAX_BYTES  # what is only a little too large gets a sentence in its form


class BoundedUploadHandler(FileUploadHandler):
    """Refuses a body with files that is too large; Django's own limit leaves files out, also those of strangers.

    Every form is read for its token before anybody knows who sent it, and files go to the disk meanwhile.
    """

    def handle_raw_input(
        self,
        input_data: Any,  # noqa: ARG002
        META: Any,  # noqa: ARG002, N803 - Django's names
        content_length: int,
        boundary: Any,  # noqa: ARG002
        encoding: Any = None,  # noqa: ARG002
    ) -> None:
        """Look at the length.

        Raises:
            RequestDataTooBig: the body is longer than any that we take.
        """
        if content_length > MOST:
            raise RequestDataTooBig(f"A body with files has at most {MOST} bytes.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """Leave what comes to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
