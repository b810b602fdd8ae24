"""Addresses of securities."""

from finances.api.routers import Router
from securities.api.views import SecurityViewSet

router = Router()
router.register("securities", SecurityViewSet, "security")
urlpatterns = router.urls
