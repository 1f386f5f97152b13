"""The life of permissions to assume a role, which has a statement of its owner's own."""

from functools import partial

from callers import EXTERNAL_ID, WHO, Callers, role
from operations import MINUTE, Operation, ask, publish, rolled_back

_publish = partial(publish, "orders-role")
_ask = partial(ask, "orders-role", "AssumeRole")
_buys = partial(_ask, Principals=[WHO["buyer"]])


def _may(*names: str) -> Callers:
    """They may assume it, whether they say an external id or not."""
    return frozenset(said for name in names for said in (name, f"{name}, by the external id"))


_OTHERS = _may("owner", "bystander")
_bystander = partial(_ask, stack="bystander", Principals=[WHO["bystander"], *map(role, ("b1", "b2", "b3"))])
_PUBLISHED = {"publication": _publish(), "bystander": _bystander()}
_by_id = partial(_buys, ExternalId=EXTERNAL_ID)
_BY_ID = frozenset({"buyer, by the external id"})
_GRANTED = {**_PUBLISHED, "grant": _by_id()}

CREATE_ON_ROLE = Operation(
    "role: create",
    _by_id(),
    {"role": _OTHERS | _BY_ID},
    _PUBLISHED,
    sequels=(rolled_back(_by_id("Delete", known="failed"), {"role": _OTHERS}),),
)
OF_ROLES = (
    Operation("role: publish", _publish(), {"role": _may("owner")}),
    CREATE_ON_ROLE,
    Operation(
        "role: update the external id", _buys("Update", known="grant"), {"role": _OTHERS | _may("buyer")}, _GRANTED
    ),
    Operation(
        "role: update the time it ends",
        _by_id("Update", known="grant", ExpiresAt="{later}"),
        {"role": _OTHERS | _BY_ID},
        {**_PUBLISHED, "grant": _by_id(ExpiresAt="{soon}")},
    ),
    Operation("role: delete", _by_id("Delete", known="grant"), {"role": _OTHERS}, _GRANTED),
    Operation("role: unpublish", _publish("Delete", "publication"), {"role": _may("owner")}, _GRANTED),
    Operation("role: refuse", _ask(stack="intruder"), {"role": _OTHERS}, _PUBLISHED, "FAILED"),
    Operation(
        "role round: a grant ends",
        None,
        {"role": _OTHERS},
        {**_PUBLISHED, "grant": _by_id(ExpiresAt="{soon}")},
        wait=11 * MINUTE,
    ),
)
