"""What people say of files."""

from __future__ import annotations

from daemon.api import finding, models
from daemon.api.problems import problem
from daemon.judging import verdicts_on
from tagger.catalog import Catalog, FileRecord
from tagger.taxonomy import FAMILIES, LEAVES


def judge(catalog: Catalog, file_id: int, said: models.Verdict) -> models.FileDetail:
    """Keeps a person's verdict, and gives what is known of the file from now on.

    Raises:
        HTTPException: 404, there is no such file or label; 409, it has another recording now, or none.
    """
    held = finding.held_at(catalog, file_id)
    if not isinstance(held, FileRecord) or held.facts.payload_hash != said.payload_hash:
        raise problem(409, f"{held.path}: holds another recording than the one that was judged (look at it again)")
    known = {*LEAVES, *FAMILIES, *(label.label for label in held.labels)}
    if unknown := [label for label in said.labels if label not in known and label not in catalog.tags()]:
        raise problem(404, f'there is no label "{unknown[0]}" (/api/labels has them all)')
    catalog.judge_all(held.path, verdicts_on(held.tags, said.labels, verdict=said.verdict))
    return finding.show(catalog, file_id)
