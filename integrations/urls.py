"""Map the product's own addresses."""

from django.urls import include, path

from integrations.views import (
    accounts,
    choosing,
    collections,
    connection_page,
    connections,
    health,
    home,
    items,
    other_account,
    runs,
    theme,
)

app_name = "integrations"

connection_urls = [
    path("", connection_page.connection_detail, name="connection-detail"),
    path("progress/", connection_page.connection_progress, name="connection-progress"),
    path("sync/", connections.connection_sync, name="connection-sync"),
    path("pause/", connections.connection_pause, name="connection-pause"),
    path("resume/", connections.connection_resume, name="connection-resume"),
    path("rename/", connections.connection_rename, name="connection-rename"),
    path("interval/", connections.connection_interval, name="connection-interval"),
    path(
        "collections/",
        choosing.connection_collections,
        name="connection-collections",
    ),
    path(
        "disconnect/", connections.connection_disconnect, name="connection-disconnect"
    ),
    path(
        "instead-of/<uuid:wanted>/",
        other_account.connection_other_account,
        name="connection-other-account",
    ),
]
urlpatterns = [
    path("", home.home, name="home"),
    path("accounts/delete/", accounts.account_delete, name="account-delete"),
    path("theme/", theme.theme, name="theme"),
    path("connections/", connections.connection_list, name="connection-list"),
    path("connections/connect/<slug:provider>/", connections.connect, name="connect"),
    path("connections/<uuid:pk>/", include(connection_urls)),
    path(
        "collections/<uuid:pk>/approve/",
        collections.collection_approve,
        name="collection-approve",
    ),
    path(
        "collections/<uuid:pk>/discard/",
        collections.collection_discard,
        name="collection-discard",
    ),
    path("runs/<uuid:pk>/", runs.run_detail, name="run-detail"),
    path("runs/<uuid:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("items/", items.item_list, name="item-list"),
    path("items/<uuid:pk>/", items.item_detail, name="item-detail"),
    path("health/ready", health.ready, name="health-ready"),
    path("", include("integrations.signin.urls")),
]
