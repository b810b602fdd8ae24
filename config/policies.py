"""What browsers may load for our pages, what their cookies are called, and who looks at uploads."""

from collections.abc import Collection

from django.utils.csp import CSP

PAGES: dict[str, Collection[str]] = {
    "default-src": [CSP.NONE],
    **{f"{kind}-src": [CSP.SELF] for kind in ("connect", "font", "img", "manifest", "script", "style")},
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
# Swagger UI and ReDoc style their own elements and have pictures within addresses; ReDoc searches in a worker.
DOCUMENTS: dict[str, Collection[str]] = PAGES | {
    "img-src": [CSP.SELF, "data:"],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "worker-src": [CSP.SELF, "blob:"],
}
UPLOAD_HANDLERS = [
    "finances.uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]


def cookie_names(*, only_https: bool) -> tuple[str, str]:
    """Return the names of the cookies of a session and of its forms.

    Under the prefix browsers take a cookie from this very host over HTTPS alone, never from a sibling of it.
    """
    prefix = "__Host-" if only_https else ""
    return f"{prefix}sessionid", f"{prefix}csrftoken"
