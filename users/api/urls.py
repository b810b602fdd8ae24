"""Addresses of sign-in and people."""

from django.urls import path

from users.api import views

urlpatterns = [
    path("auth/login", views.LoginView.as_view(), name="login"),
    path("auth/me", views.MeView.as_view(), name="me"),
]
