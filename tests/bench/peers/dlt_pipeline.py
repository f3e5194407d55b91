"""dlt: its REST source over the list of contacts, merged into a SQLite file."""

import sys
from urllib.parse import urlsplit

import dlt
from dlt.sources.rest_api import rest_api_source

NAMES = ("firstname", "lastname", "email", "phone", "company", "jobtitle", "city")


def main(url: str, token: str, path: str) -> None:
    """Run one pipeline of one resource."""
    parts = urlsplit(url)
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{parts.scheme}://{parts.netloc}",
                "auth": {"type": "bearer", "token": token},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "paging.next.after",
                    "cursor_param": "after",
                },
            },
            "resources": [
                {
                    "name": "contacts",
                    "primary_key": "id",
                    "write_disposition": "merge",
                    "endpoint": {
                        "path": parts.path,
                        "data_selector": "results",
                        "params": {"limit": 100, "properties": ",".join(NAMES)},
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=f"{path}.pipelines",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{path}"),
        dataset_name="main",
    )
    pipeline.run(source)


if __name__ == "__main__":
    main(*sys.argv[1:])
