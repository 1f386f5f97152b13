"""Export and import over the real client: the same as on the twin, conditions and scans included."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from tables import create_ledger

from provider.cli import restoring, snapshots
from provider.core.statements import CentreId
from provider.localcloud import LocalCloud

LEDGER = Path(__file__).parents[1] / "upgrades" / "ledger.jsonl"
CENTRE = CentreId("0a1b2c3d")


def test_a_table_is_exported_and_put_back_whole(cloud: LocalCloud, tmp_path: Path) -> None:
    client, table, file = cloud.client("dynamodb", "central"), f"import-{secrets.token_hex(4)}", tmp_path / "ledger"
    create_ledger(client, table)
    for line in LEDGER.read_text().splitlines():
        client.put_item(TableName=table, Item=json.loads(line))
    kept = list(snapshots.records(client, table))
    with file.open("w") as out:
        assert snapshots.write(iter(kept), CENTRE, "2026-11-25T09:00:00Z", out) == len(kept) == 5
    changed, gone, *_ = (one for one in kept if one["pk"]["S"].startswith(("ACCOUNT#", "TARGET#")))
    client.delete_item(TableName=table, Key={"pk": gone["pk"], "sk": gone["sk"]})
    client.put_item(TableName=table, Item={**changed, "version": {"N": "9"}, "leaving": {"BOOL": True}})
    client.put_item(TableName=table, Item={"pk": {"S": "QUARANTINE"}, "sk": {"S": "444444444444"}, "by": {"S": "x"}})

    def snapshot() -> Iterator[snapshots.Wire]:
        return snapshots.read(file, CENTRE)

    changes = restoring.compare(snapshot, client, table)
    assert sorted(one.change for one in changes.summary) == ["added", "changed", "removed"]
    restoring.apply(changes, snapshot, client, table)
    assert restoring.compare(snapshot, client, table).summary == ()
