"""Django with requests: one model of ten columns, written by ``bulk_create``."""

import sys

import django
import requests
from contacts import NAMES
from django.conf import settings


def main(url: str, token: str, path: str) -> None:
    """Ask page after page, and write each in one transaction."""
    databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": path}}
    settings.configure(DATABASES=databases, USE_TZ=True)
    django.setup()
    from django.db import connection, models

    columns = {name: models.TextField(null=True) for name in (*NAMES, "created")}
    model = type(
        "Contact",
        (models.Model,),
        {
            "__module__": __name__,
            "Meta": type("Meta", (), {"app_label": "peers"}),
            "id": models.CharField(primary_key=True, max_length=40),
            "updated": models.TextField(null=True),
            **columns,
        },
    )
    with connection.schema_editor() as editor:
        editor.create_model(model)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    params = {"limit": "100", "properties": ",".join(NAMES)}
    while True:
        answer = session.get(url, params=params, timeout=30)
        answer.raise_for_status()
        body = answer.json()
        contacts = [
            model(
                id=row["id"],
                created=row["createdAt"],
                updated=row["updatedAt"],
                **{name: row["properties"].get(name) for name in NAMES},
            )
            for row in body["results"]
        ]
        model.objects.bulk_create(
            contacts,
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["updated", *columns],
        )
        if "paging" not in body:
            return
        params["after"] = body["paging"]["next"]["after"]


if __name__ == "__main__":
    main(*sys.argv[1:])
