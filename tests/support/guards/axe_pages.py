"""Which pages axe judges, and why others need not be: every route of a page is here."""

from typing import Final

PART: Final = "a part of a page, which is judged as it is shown there"
FILE: Final = "no page but a file"
ONWARD: Final = "a GET of it leads to a page that is judged, or to one of a provider"
MAILED: Final = "its address comes by mail"
PROOF: Final = "a page that asks who somebody is, which is judged, stands before it"
RARE: Final = (
    "the run has nothing that it is of: an account that is not the one that was meant,"
    " a disconnected one, an edit or an import that was sent, a view that fits several"
)


def _names(text: str, space: str = "") -> frozenset[str]:
    return frozenset(f"{space}{name}" for name in text.split())


def _ours(text: str) -> frozenset[str]:
    return _names(text, "integrations:")


# The names of views that the run has to show.
JUDGED: Final = _ours(
    """
    account-delete bulk-edit-detail changes charts connection-attempts
    connection-bulk-edits connection-collections connection-detail
    connection-disconnect connection-edits connection-list connection-runs
    download-detail download-list everything following home import-create import-list
    import-mapping item-archive item-as-of item-choices item-create item-detail
    item-edit item-edits item-list item-own-values items-as-of keyboard notices
    own-column-delete own-column-edit own-column-list run-detail search
    sign-in-methods table table-as-of table-choices table-filter table-layout
    time-zone view-create view-delete view-edit
    """
) | _names(
    """
    account_change_password account_email account_email_verification_sent
    account_inactive account_login account_reauthenticate account_reset_password
    account_reset_password_done account_reset_password_from_key_done account_signup
    mfa_index mfa_list_webauthn socialaccount_connections
    socialaccount_login_cancelled socialaccount_login_error usersessions_list
    """
)
# By the name of a view, the reason that axe does not judge it.
UNJUDGED: Final[dict[str, str]] = {
    **dict.fromkeys(
        _ours(
            """
            bulk-edit-live charts-live connection-list-live connection-progress
            download-live edit-live home-live import-live item-detail-live
            item-list-live table-live
            """
        ),
        PART,
    ),
    **dict.fromkeys(_ours("download-file feed"), FILE),
    **dict.fromkeys(_names("mfa_download_recovery_codes"), FILE),
    **dict.fromkeys(
        _ours(
            """
            callback connect item-next item-previous item-rows item-table table-about
            table-rows view-feed
            """
        ),
        ONWARD,
    ),
    **dict.fromkeys(
        _names(
            """
            account_logout account_set_password mfa_authenticate mfa_login_webauthn
            socialaccount_signup account_confirm_login_code
            """
        ),
        ONWARD,
    ),
    **dict.fromkeys(
        _ours(
            """
            connection-other-account connection-remove edit-detail import-detail
            import-undo view-open
            """
        ),
        RARE,
    ),
    **dict.fromkeys(_ours("unsubscribe"), MAILED),
    **dict.fromkeys(
        _names("account_confirm_email account_reset_password_from_key"), MAILED
    ),
    **dict.fromkeys(
        _names(
            """
            mfa_activate_totp mfa_add_webauthn mfa_deactivate_totp mfa_edit_webauthn
            mfa_generate_recovery_codes mfa_reauthenticate mfa_reauthenticate_webauthn
            mfa_remove_webauthn mfa_view_recovery_codes
            """
        ),
        PROOF,
    ),
}
