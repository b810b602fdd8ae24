"""How resources get their addresses."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """Routes without a trailing slash; `OptionalTrailingSlashMiddleware` lets both forms in."""

    def __init__(self) -> None:
        """Switch the slash off."""
        super().__init__(trailing_slash=False)
