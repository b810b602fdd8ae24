"""Addresses of sign-in and people."""

from typing import Any

from django.urls import path

from finances.api.routers import Router
from users.api import sign_in, views

ME: dict[str, Any] = {"get": "retrieve", "put": "update", "patch": "partial_update", "delete": "destroy"}

router = Router()
router.register("users", views.UserViewSet, "user")
urlpatterns = [
    path("auth/register", sign_in.RegisterView.as_view(), name="register"),
    path("auth/login", sign_in.LoginView.as_view(), name="login"),
    path("auth/login/tokens", sign_in.LoginView.as_view(), name="login-tokens"),
    path("auth/refresh", sign_in.RefreshView.as_view(), name="refresh"),
    path("auth/logout", sign_in.LogoutView.as_view(), name="logout"),
    path("auth/forgot-password", sign_in.ForgotPasswordView.as_view(), name="forgot-password"),
    path("auth/reset-password", sign_in.ResetPasswordView.as_view(), name="reset-password"),
    path("auth/change-password", sign_in.ChangePasswordView.as_view(), name="change-password"),
    path("auth/verify-email", sign_in.VerifyEmailView.as_view(), name="verify-email"),
    path("auth/resend-verification", sign_in.ResendVerificationView.as_view(), name="resend-verification"),
    path("auth/me", views.MeViewSet.as_view(ME), name="me"),
    path("users/me", views.MeViewSet.as_view(ME), name="users-me"),
    *router.urls,
]
