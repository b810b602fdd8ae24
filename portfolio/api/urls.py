"""Addresses of figures."""

from django.urls import path

from portfolio.api import views

urlpatterns = [
    path("dashboard", views.DashboardView.as_view(), name="dashboard"),
    path("net-worth", views.NetWorthView.as_view(), name="net-worth"),
    path("allocation", views.AllocationView.as_view(), name="allocation"),
    path("explain", views.ExplainView.as_view(), name="explain"),
    path("accounts/<uuid:account_id>/valuation", views.ValuationView.as_view(), name="account-valuation"),
]
