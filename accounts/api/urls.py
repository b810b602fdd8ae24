"""Addresses of accounts, values and holdings."""

from django.urls import include, path

from accounts.api.views import AccountHoldingViewSet, AccountValueViewSet, AccountViewSet, HoldingViewSet
from finances.api.routers import Router

router = Router()
router.register("accounts", AccountViewSet, "account")
router.register("holdings", HoldingViewSet, "holding")

nested = Router()
nested.register("values", AccountValueViewSet, "account-value")
nested.register("holdings", AccountHoldingViewSet, "account-holding")

urlpatterns = [*router.urls, path("accounts/<uuid:account_id>/", include(nested.urls))]
