"""Map the URL roots."""

from django.contrib import admin
from django.urls import include, path, re_path

from integrations.signin.confirmation import ConfirmEmail

admin.autodiscover()
urlpatterns = [
    path("admin/", admin.site.urls),
    # Before allauth's own of the same name.
    re_path(
        r"^accounts/confirm-email/(?P<key>[-:\w]+)/$",
        ConfirmEmail.as_view(),
        name="account_confirm_email",
    ),
    path("accounts/", include("allauth.urls")),
    path("", include("integrations.urls")),
]
