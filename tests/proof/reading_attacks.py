"""Attacks on the roles that read the ledger, and with them."""

from typing import Any

from attack import GRANTS, REQUESTS, Arguments, Attack, assuming, constantly, items, tag
from attackers import CENTRAL, CONSUMER, OWNER, STRANGER, our_role

VIEWER, READER, AUDITOR = "viewer of consumer", "reader as consumer", "auditor"
_READER = our_role(CENTRAL, "reader")


def _reading(**given: Any) -> Arguments:
    own = {"RoleArn": _READER, "RoleSessionName": "reads", "Tags": [tag("account", CONSUMER)]}
    return constantly(**{name: value for name, value in {**own, **given}.items() if value is not None})


def _taking(what: str, who: str, **given: Any) -> Attack:
    return Attack(what, who, "sts", "assume_role", _reading(**given))


def _tagged(account: str, name: str) -> Arguments:
    return constantly(RoleArn=our_role(account, name), RoleSessionName="reads", Tags=[tag("account", CONSUMER)])


def _partition(key: str, name: str = "pk", **index: str) -> dict[str, Any]:
    return {"KeyConditionExpression": f"{name} = :a", "ExpressionAttributeValues": {":a": {"S": key}}, **index}


_INDEX = {"IndexName": "account"}
_ITEM = {"pk": {"S": f"TARGET#{CONSUMER}#default#x"}, "sk": {"S": "x"}}

ON_THE_READER = (
    _taking("reads with another account's tag", VIEWER, Tags=[tag("account", OWNER)]),
    _taking("reads without a tag", VIEWER, Tags=None),
    _taking("reads with one more tag", VIEWER, Tags=[tag("account", CONSUMER), tag("team", "orders")]),
    _taking("hands the reader's tag on", VIEWER, TransitiveTagKeys=["account"]),
    _taking("reads from outside the organization", "viewer of a stranger", Tags=[tag("account", STRANGER)]),
    _taking("reads as another role", "another role of consumer"),
)

WITH_THE_VIEWER = (
    Attack("becomes the viewer", "administrator of intruder", "sts", "assume_role", assuming(CONSUMER, "viewer")),
    Attack(
        "becomes the viewer with a tag",
        "administrator of consumer",
        "sts",
        "assume_role",
        _tagged(CONSUMER, "viewer"),
    ),
    Attack(
        "takes another role of the centre",
        VIEWER,
        "sts",
        "assume_role",
        lambda things: {"RoleArn": things["role that trusts the consumer"], "RoleSessionName": "someone"},
    ),
    Attack(
        "takes another role of the centre with a tag",
        VIEWER,
        "sts",
        "assume_role",
        lambda things: {
            "RoleArn": things["role that trusts the consumer"],
            "RoleSessionName": "someone",
            "Tags": [tag("account", CONSUMER)],
        },
    ),
)

WITH_THE_READER = (
    items("query", GRANTS, "reads another account's names", READER, **_partition(f"TARGET#{OWNER}#default#x")),
    items("query", GRANTS, "reads what another account holds", READER, **_partition(OWNER, "account", **_INDEX)),
    items("query", GRANTS, "reads what nobody holds", READER, **_partition(CONSUMER, **_INDEX)),
    items("query", REQUESTS, "queries its account's requests", READER, **_partition(CONSUMER, "account")),
    items("put_item", GRANTS, "publishes past the controller", READER, Item=_ITEM),
    items("scan", GRANTS, "scans the ledger", READER),
)

WITH_THE_AUDITOR = (
    Attack("becomes the auditor", "administrator of consumer", "sts", "assume_role", assuming(CENTRAL, "auditor")),
    Attack(
        "becomes the auditor with a tag",
        "administrator of central",
        "sts",
        "assume_role",
        _tagged(CENTRAL, "auditor"),
    ),
    items("put_item", GRANTS, "grants past the controller", AUDITOR, Item=_ITEM),
    items("scan", REQUESTS, "reads all requests as the auditor", AUDITOR),
)
