"""Addresses of currencies."""

from currencies.api.views import CurrencyViewSet
from finances.api.routers import Router

router = Router()
router.register("currencies", CurrencyViewSet, "currency")
urlpatterns = router.urls
