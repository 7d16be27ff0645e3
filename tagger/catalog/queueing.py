"""Queues the tags of files whose claim changed, in the transaction that changed it.

So a person's word is brought into the files of roots where tags are written, and so is what a run of the command line
heard; and a root that is written from now on gets the tags of all that is known of it.
"""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from tagger.catalog import paths
from tagger.catalog.schema import FOLDER, LOCATION
from tagger.catalog.service_schema import JOB, ROOT


def queue_tagging(connection: Connection, where: ColumnElement[bool]) -> None:
    """Queues the files for which a condition on `location` and `folder` holds, and in whose root tags are written."""
    innermost_first = func.length(ROOT.c.path_key).desc()
    roots = connection.execute(select(*ROOT.c["id", "path_key", "write"]).order_by(innermost_first)).all()
    if not any(root.write for root in roots):
        return
    columns = (FOLDER.c.path, FOLDER.c.path_key, *LOCATION.c["name", "size", "mtime_ns"])
    here = LOCATION.c.missing_since.is_(None) & LOCATION.c.file_id.is_not(None)
    jobs = []
    for folder, key, name, size, mtime_ns in connection.execute(
        select(*columns).select_from(LOCATION.join(FOLDER)).where(here, where)
    ):
        root = next((root for root in roots if key.startswith(root.path_key)), None)
        if root is not None and root.write:
            path = str(Path(folder, name))
            job = {"root_id": root.id, "path": path, "path_key": paths.name_key(path), "task": "tags"}
            jobs.append(job | {"size": size, "mtime_ns": mtime_ns, "not_before": time.time()})
    if jobs:
        statement = insert(JOB)
        # One at work is then not over, see `Jobs.settle`; one that has yet to be listened to comes to its tags anyway.
        again = {"not_before": statement.excluded.not_before}
        where = JOB.c.task == "tags"
        connection.execute(statement.on_conflict_do_update(index_elements=("path_key",), set_=again, where=where), jobs)
