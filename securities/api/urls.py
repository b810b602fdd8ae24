"""Addresses of securities."""

from finances.api.routers import Router

router = Router()
urlpatterns = router.urls
