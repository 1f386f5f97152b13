"""The life of permissions to call a REST API, with its stage: deployed by the controller, by its owner, or under a canary."""

from functools import partial

from callers import WHO, Callers, role
from operations import MINUTE, Meanwhile, Operation, ask, publish, rolled_back

_publish = partial(publish, "orders-api", RedeployOnChange="true")
_offer = partial(publish, "orders-api")
_ask = partial(ask, "orders-api", "ExecuteApi")
_buys = partial(_ask, Principals=[WHO["buyer"]], Methods=["GET"], Paths=["/orders"])


def _may(who: str, *routes: str) -> Callers:
    return frozenset(f"{who}: {route}" for route in routes or ("GET/orders", "POST/orders", "GET/items"))


_OWN = _may("owner")
_BYSTANDER = _may("bystander")
_BUYER = _may("buyer", "GET/orders")
_bystander = partial(_ask, stack="bystander", Principals=[WHO["bystander"], *map(role, ("b1", "b2", "b3"))])
_PUBLISHED = {"publication": _publish(), "bystander": _bystander()}
_GRANTED = {**_PUBLISHED, "grant": _buys()}
_OFFERED = {"publication": _offer(), "bystander": _bystander()}
_PENDING = {**_OFFERED, "grant": _buys()}

_DEPLOYED, _UNDEPLOYED = {"DeploymentStatus": "Deployed"}, {"DeploymentStatus": "PendingDeployment"}


def _both(callers: Callers) -> dict[str, Callers]:
    """The policy lets them in, and the stage serves it."""
    return {"api": callers, "stage": callers}


CREATE_ON_API = Operation(
    "api: create",
    _buys(),
    _both(_OWN | _BYSTANDER | _BUYER),
    _PUBLISHED,
    says=_DEPLOYED,
    sequels=(rolled_back(_buys("Delete", known="failed"), _both(_OWN | _BYSTANDER)),),
)
OF_APIS = (
    Operation("api: publish", _publish(), _both(_OWN)),
    CREATE_ON_API,
    Operation(
        "api: create the first",
        _buys(),
        _both(_BUYER),
        {"publication": _publish()},
        says=_DEPLOYED,
        meanwhile=Meanwhile.ALONE,
        place="api",
    ),
    Operation(
        "api: update the methods",
        _buys("Update", known="grant", Methods=["GET", "POST"]),
        _both(_OWN | _BYSTANDER | _may("buyer", "GET/orders", "POST/orders")),
        _GRANTED,
        says=_DEPLOYED,
    ),
    Operation(
        "api: update the paths",
        _buys("Update", known="grant", Paths=["/items"]),
        _both(_OWN | _BYSTANDER | _may("buyer", "GET/orders", "GET/items")),
        _GRANTED,
        says=_DEPLOYED,
        sequels=(rolled_back(_buys("Update", known="grant"), _both(_OWN | _BYSTANDER | _BUYER)),),
    ),
    Operation(
        "api: clean-up after an update",
        _buys("Delete", known="grant"),
        _both(_OWN | _BYSTANDER | _may("buyer", "GET/items")),
        {**_GRANTED, "updated": _buys("Update", known="grant", Paths=["/items"])},
    ),
    Operation("api: delete", _buys("Delete", known="grant"), _both(_OWN | _BYSTANDER), _GRANTED),
    Operation(
        "api: delete the last",
        _buys("Delete", known="grant"),
        _both(frozenset()),
        {"publication": _publish(), "grant": _buys()},
        meanwhile=Meanwhile.ALONE,
        place="api",
    ),
    Operation("api: unpublish", _publish("Delete", "publication"), _both(_OWN), _GRANTED),
)
CREATE_ON_UNDEPLOYED_API = Operation(
    "api: create, for the owner to deploy", _buys(), {"api": _OWN | _BYSTANDER | _BUYER}, _OFFERED, says=_UNDEPLOYED
)
OF_UNDEPLOYED_APIS = (
    CREATE_ON_UNDEPLOYED_API,
    Operation(
        "api: update the principals, for the owner to deploy",
        _buys("Update", known="grant", Principals=[WHO["seller"]]),
        {"api": _OWN | _BYSTANDER | _BUYER | _may("seller", "GET/orders")},
        _PENDING,
        says=_UNDEPLOYED,
    ),
    Operation(
        "api: delete, for the owner to deploy", _buys("Delete", known="grant"), {"api": _OWN | _BYSTANDER}, _PENDING
    ),
    Operation(
        "api: create under a canary",
        _buys(),
        {"api": _OWN | _BYSTANDER | _BUYER},
        _PUBLISHED,
        says=_UNDEPLOYED,
        meanwhile=Meanwhile.CANARY,
    ),
)
ROUNDS = (
    Operation("api round: the owner has deployed", None, {}, _PENDING, meanwhile=Meanwhile.DEPLOYED, wait=6 * MINUTE),
    Operation(
        "api round: mend what was removed",
        None,
        _both(_OWN | _BYSTANDER | _BUYER),
        _GRANTED,
        meanwhile=Meanwhile.WIPED,
        place="api",
    ),
    Operation(
        "api round: a grant ends",
        None,
        _both(_OWN | _BYSTANDER),
        {**_PUBLISHED, "grant": _buys(ExpiresAt="{soon}")},
        wait=11 * MINUTE,
    ),
)
