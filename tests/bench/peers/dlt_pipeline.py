"""dlt's own REST source into its own tables, as its documentation begins."""

import os
import sys

# It would tell its makers of each run.
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt
from contacts import NAMES
from dlt.sources.rest_api import rest_api_source


def main(url: str, token: str, path: str) -> None:
    """Extract, normalize and load."""
    base, _, resource = url.rpartition("/")
    source = rest_api_source(
        {
            "client": {
                "base_url": base,
                "auth": {"type": "bearer", "token": token},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "paging.next.after",
                    "cursor_param": "after",
                },
            },
            "resources": [
                {
                    "name": resource,
                    "primary_key": "id",
                    "endpoint": {
                        "path": resource,
                        "params": {"limit": 100, "properties": ",".join(NAMES)},
                        "data_selector": "results",
                    },
                }
            ],
        }
    )
    pipeline = dlt.pipeline(
        pipeline_name="contacts",
        pipelines_dir=f"{path}.dlt",
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{path}"),
        dataset_name="main",
    )
    pipeline.run(source).raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
