"""Map the two addresses of every provider: where to start and where to come back."""

from django.urls import path, re_path

from integrations.signin import views

urlpatterns = [
    path("integrations/<slug:slug>/authorize", views.authorize, name="authorize"),
    re_path(
        # The seed's redirect path, exactly: no slash behind it, no redirect.
        r"^integrations/(?P<slug>[a-z0-9-]+)/oauth2callback$",
        views.callback,
        name="callback",
    ),
]
