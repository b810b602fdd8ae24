"""Addresses of financial institutions."""

from finances.api.routers import Router
from institutions.api.views import FinancialInstitutionViewSet

router = Router()
router.register("financial-institutions", FinancialInstitutionViewSet, "financial-institution")
urlpatterns = router.urls
