"""Map the product's own addresses."""

from django.urls import include, path, re_path

from integrations.signin import sign_in_methods
from integrations.signin import views as signin
from integrations.views import downloads
from integrations.views.connections import (
    attempts,
    detail,
    held_deletions,
    index,
    other_account,
    pausing,
    removal,
    revocations,
    runs,
    selection,
)
from integrations.views.editing import bulk, import_undo, imports, lists
from integrations.views.editing import pages as editing
from integrations.views.items import choices as item_choices
from integrations.views.items import download, everything, search
from integrations.views.items import index as items
from integrations.views.items.choosing import lists as choosing
from integrations.views.items.parts import beside
from integrations.views.items.past import as_of, changes, list_as_of
from integrations.views.items.tables import as_of as table_as_of
from integrations.views.items.tables import choices, layout, of_table, rows, table
from integrations.views.items.tables.filtering import page as filtering
from integrations.views.notices import following, unsubscribe
from integrations.views.notices import pages as notices
from integrations.views.own_columns import pages as own_columns
from integrations.views.own_columns import values as own_values
from integrations.views.saved_views import feed, opening
from integrations.views.saved_views import pages as saved_views
from integrations.views.site import (
    account_deletion,
    charts,
    home,
    keyboard,
    theme,
    time_zone,
)

app_name = "integrations"

connection_urls = [
    path("", detail.connection_detail, name="connection-detail"),
    path("progress/", detail.connection_progress, name="connection-progress"),
    path("sync/", index.connection_sync, name="connection-sync"),
    path("pause/", pausing.connection_pause, name="connection-pause"),
    path("resume/", index.connection_resume, name="connection-resume"),
    path("rename/", index.connection_rename, name="connection-rename"),
    path("interval/", index.connection_interval, name="connection-interval"),
    path(
        "collections/",
        selection.connection_collections,
        name="connection-collections",
    ),
    path("disconnect/", index.connection_disconnect, name="connection-disconnect"),
    path("editing/", editing.connection_editing, name="connection-editing"),
    path("edits/", lists.edit_list, name="connection-edits"),
    path("bulk-edits/", lists.bulk_edit_list, name="connection-bulk-edits"),
    path(
        "discard-edits/",
        editing.connection_discard_edits,
        name="connection-discard-edits",
    ),
    path("runs/", runs.run_list, name="connection-runs"),
    path("refreshes/", attempts.attempt_list, name="connection-attempts"),
    path("remove/", removal.connection_remove, name="connection-remove"),
    path(
        "instead-of/<uuid:wanted>/",
        other_account.connection_other_account,
        name="connection-other-account",
    ),
]
urlpatterns = [
    path("", home.home, name="home"),
    path("live/", home.home_live, name="home-live"),
    path("accounts/delete/", account_deletion.account_delete, name="account-delete"),
    path("accounts/time-zone/", time_zone.time_zone, name="time-zone"),
    path(
        "accounts/sign-in-methods/",
        sign_in_methods.sign_in_methods,
        name="sign-in-methods",
    ),
    path(
        "accounts/sign-in-methods/<uuid:pk>/resume/",
        sign_in_methods.resume,
        name="sign-in-method-resume",
    ),
    path(
        "accounts/sign-in-methods/<uuid:pk>/delete/",
        sign_in_methods.discard,
        name="sign-in-method-delete",
    ),
    path("accounts/keyboard/", keyboard.keyboard, name="keyboard"),
    path("notices/", notices.notices, name="notices"),
    path("following/", following.following, name="following"),
    path("items/<uuid:pk>/follow/", following.item_follow, name="item-follow"),
    path("views/<uuid:pk>/follow/", following.view_follow, name="view-follow"),
    path("notices/test/", notices.notice_test, name="notice-test"),
    path(
        "notices/unsubscribe/<slug:token>/",
        unsubscribe.unsubscribe,
        name="unsubscribe",
    ),
    path("charts/", charts.charts, name="charts"),
    path("charts/live/", charts.charts_live, name="charts-live"),
    path("theme/", theme.theme, name="theme"),
    path("connections/", index.connection_list, name="connection-list"),
    path("connections/live/", index.connection_list_live, name="connection-list-live"),
    path("connections/connect/<slug:provider>/", index.connect, name="connect"),
    path("connections/<uuid:pk>/", include(connection_urls)),
    path(
        "collections/<uuid:pk>/approve/",
        held_deletions.collection_approve,
        name="collection-approve",
    ),
    path(
        "collections/<uuid:pk>/discard/",
        held_deletions.collection_discard,
        name="collection-discard",
    ),
    path(
        "revocations/<uuid:pk>/dismiss/",
        revocations.revocation_dismiss,
        name="revocation-dismiss",
    ),
    path("runs/<uuid:pk>/", runs.run_detail, name="run-detail"),
    path("runs/<uuid:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("collections/<uuid:pk>/", table.table, name="table"),
    path("collections/<uuid:pk>/about/", of_table.table_about, name="table-about"),
    path("collections/<uuid:pk>/live/", table.table_live, name="table-live"),
    path("collections/<uuid:pk>/columns/", layout.table_layout, name="table-layout"),
    path("collections/<uuid:pk>/filter/", filtering.table_filter, name="table-filter"),
    path("collections/<uuid:pk>/choices/", choices.table_choices, name="table-choices"),
    path(
        "collections/<uuid:pk>/own-columns/",
        own_columns.own_column_list,
        name="own-column-list",
    ),
    path(
        "own-columns/<uuid:pk>/",
        own_columns.own_column_edit,
        name="own-column-edit",
    ),
    path(
        "own-columns/<uuid:pk>/delete/",
        own_columns.own_column_delete,
        name="own-column-delete",
    ),
    path(
        "collections/<uuid:pk>/download/",
        download.table_download,
        name="table-download",
    ),
    path("collections/<uuid:pk>/as-of/", table_as_of.table_as_of, name="table-as-of"),
    path("collections/<uuid:pk>/rows/", rows.table_rows, name="table-rows"),
    path("items/", items.item_list, name="item-list"),
    path("items/choices/", item_choices.item_choices, name="item-choices"),
    path("items/rows/", choosing.item_rows, name="item-rows"),
    path("items/download/", download.item_download, name="item-download"),
    path("items/live/", items.item_list_live, name="item-list-live"),
    path("items/<uuid:pk>/", items.item_detail, name="item-detail"),
    path("items/<uuid:pk>/table/", of_table.item_table, name="item-table"),
    path("items/<uuid:pk>/live/", items.item_detail_live, name="item-detail-live"),
    path("items/<uuid:pk>/next/", beside.item_next, name="item-next"),
    path("items/<uuid:pk>/previous/", beside.item_previous, name="item-previous"),
    path("items/<uuid:pk>/own/", own_values.item_own_values, name="item-own-values"),
    path("items/as-of/", list_as_of.list_as_of, name="items-as-of"),
    path("items/<uuid:pk>/as-of/", as_of.item_as_of, name="item-as-of"),
    path("items/<uuid:pk>/edits/", lists.item_edit_list, name="item-edits"),
    path("items/<uuid:pk>/edit/", editing.item_edit, name="item-edit"),
    path("items/<uuid:pk>/archive/", editing.item_archive, name="item-archive"),
    path("collections/<uuid:pk>/new/", editing.item_create, name="item-create"),
    path("collections/<uuid:pk>/import/", imports.import_create, name="import-create"),
    path("collections/<uuid:pk>/imports/", lists.import_list, name="import-list"),
    path("imports/<uuid:pk>/", imports.import_detail, name="import-detail"),
    path("imports/<uuid:pk>/live/", imports.import_live, name="import-live"),
    path("imports/<uuid:pk>/columns/", imports.import_mapping, name="import-mapping"),
    path("imports/<uuid:pk>/reopen/", imports.import_reopen, name="import-reopen"),
    path("imports/<uuid:pk>/confirm/", imports.import_confirm, name="import-confirm"),
    path("imports/<uuid:pk>/cancel/", imports.import_cancel, name="import-cancel"),
    path("imports/<uuid:pk>/undo/", import_undo.import_undo, name="import-undo"),
    path("imports/<uuid:pk>/refused/", imports.import_refused, name="import-refused"),
    path(
        "collections/<uuid:pk>/bulk-edit/",
        bulk.bulk_edit_create,
        name="bulk-edit-create",
    ),
    path("bulk-edits/<uuid:pk>/", bulk.bulk_edit_detail, name="bulk-edit-detail"),
    path("bulk-edits/<uuid:pk>/live/", bulk.bulk_edit_live, name="bulk-edit-live"),
    path(
        "bulk-edits/<uuid:pk>/confirm/",
        bulk.bulk_edit_confirm,
        name="bulk-edit-confirm",
    ),
    path(
        "bulk-edits/<uuid:pk>/cancel/", bulk.bulk_edit_cancel, name="bulk-edit-cancel"
    ),
    path("bulk-edits/<uuid:pk>/undo/", bulk.bulk_edit_undo, name="bulk-edit-undo"),
    path("edits/<uuid:pk>/", editing.edit_detail, name="edit-detail"),
    path("edits/<uuid:pk>/live/", editing.edit_live, name="edit-live"),
    path("edits/<uuid:pk>/decide/", editing.edit_decide, name="edit-decide"),
    path("edits/<uuid:pk>/discard/", editing.edit_discard, name="edit-discard"),
    path("edits/<uuid:pk>/undo/", editing.edit_undo, name="edit-undo"),
    path("views/new/", saved_views.view_create, name="view-create"),
    path("views/<uuid:pk>/", opening.view_open, name="view-open"),
    path("views/<uuid:pk>/edit/", saved_views.view_edit, name="view-edit"),
    path("views/<uuid:pk>/save/", saved_views.view_save, name="view-save"),
    path(
        "views/<uuid:pk>/duplicate/",
        saved_views.view_duplicate,
        name="view-duplicate",
    ),
    path("views/<uuid:pk>/delete/", saved_views.view_delete, name="view-delete"),
    path("views/<uuid:pk>/feed/", feed.view_feed, name="view-feed"),
    path("feeds/<slug:secret>/", feed.feed, name="feed"),
    path("downloads/", downloads.download_list, name="download-list"),
    path("downloads/<uuid:pk>/", downloads.download_detail, name="download-detail"),
    path("downloads/<uuid:pk>/live/", downloads.download_live, name="download-live"),
    path("downloads/<uuid:pk>/file/", downloads.download_file, name="download-file"),
    path(
        "downloads/<uuid:pk>/delete/",
        downloads.download_delete,
        name="download-delete",
    ),
    path("changes/", changes.changes, name="changes"),
    path("changes/seen/", changes.changes_seen, name="changes-seen"),
    path("everything/", everything.everything, name="everything"),
    path("search/", search.search, name="search"),
    path("search/forget/", search.forget_searches, name="forget-searches"),
    path("integrations/<slug:slug>/authorize", signin.authorize, name="authorize"),
    re_path(
        # The seed's redirect path, exactly: no slash behind it, no redirect.
        r"^integrations/(?P<slug>[a-z0-9-]+)/oauth2callback$",
        signin.callback,
        name="callback",
    ),
]
