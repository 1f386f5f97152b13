"""The life of authorizers and of roles that invoke, on functions: the first has a foreign statement, the others have no policy."""

from functools import partial
from typing import Any

from callers import ASKER, BYSTANDER, NARROW, NOBODY, ONE, WHO
from deployed_names import OWNER
from operations import GIVEN_UP, Meanwhile, Operation, Sequel, Step, ask, publish, rolled_back

_publish = partial(publish, "token-service")
_ask = partial(ask, "token-service", "Authorizer")
_invoke = partial(ask, "token-service", "InvokeFunction")


def _narrow(known: str) -> Step:
    return _ask("Update", known=known, AuthorizerIds=[NARROW])


def _moved_to_second(request_type: str = "Create", known: str = "", **changes: Any) -> Step:
    return _publish(request_type, known, FunctionArn="{second}", **changes)


# As many as a pass would not remove without a record that explains it.
_BYSTANDER = _ask(stack="bystander", AuthorizerIds=["zzz999", "yyy888", "xxx777", "www666"])
_PUBLISHED = {"publication": _publish(), "bystander": _BYSTANDER}
_GRANTED = {**_PUBLISHED, "grant": _ask()}
_NARROWED = {**_GRANTED, "narrowed": _narrow("grant")}
_MOVED = {**_GRANTED, "moved": _moved_to_second("Update", "publication")}
_WITHDRAWN = {**_GRANTED, "withdrawn": _publish("Delete", "publication")}
_ALONE = {"publication": _moved_to_second(), "grant": _ask()}

LOOKUP = Step("Create", {"Target": f"{OWNER}/token-service"}, type="TargetLookup")
CREATE_GRANT = Operation(
    "grant: create",
    _ask(),
    {"first": ASKER | BYSTANDER},
    _PUBLISHED,
    sequels=(rolled_back(_ask("Delete", known="failed"), {"first": BYSTANDER}),),
)
UPDATE_GRANT = Operation(
    "grant: update",
    _narrow("grant"),
    {"first": ASKER | BYSTANDER},
    _GRANTED,
    sequels=(rolled_back(_ask("Update", known="grant"), {"first": ASKER | BYSTANDER}),),
)
LOOKED_UP = Operation("lookup", LOOKUP, {"first": BYSTANDER}, _PUBLISHED)

OF_PUBLICATIONS = (
    Operation(
        "publication: create",
        _publish(),
        {"first": NOBODY},
        sequels=(rolled_back(_publish("Delete", "failed"), {"first": NOBODY}),),
    ),
    Operation(
        "publication: move",
        _moved_to_second("Update", "publication"),
        {"first": ASKER | BYSTANDER, "second": ASKER | BYSTANDER},
        _GRANTED,
        sequels=(
            rolled_back(_publish("Update", "publication"), {"first": ASKER | BYSTANDER, "second": NOBODY}),
            Sequel("a grant deleted", _ask("Delete", "bystander", "bystander"), 2.0, {"first": ASKER, "second": ASKER}),
        ),
    ),
    Operation(
        "publication: clean-up after a move",
        _publish("Delete", "publication"),
        {"first": ASKER | BYSTANDER, "second": ASKER | BYSTANDER},
        _MOVED,
    ),
    Operation("publication: delete", _publish("Delete", "publication"), {"first": NOBODY}, _GRANTED),
    Operation("publication: create again", _publish(), {"first": ASKER | BYSTANDER}, _WITHDRAWN),
)
OF_GRANTS = (
    CREATE_GRANT,
    UPDATE_GRANT,
    Operation("grant: roll an update back", _ask("Update", known="narrowed"), {"first": ASKER | BYSTANDER}, _NARROWED),
    Operation("grant: clean-up after an update", _ask("Delete", known="grant"), {"first": ONE | BYSTANDER}, _NARROWED),
    Operation(
        "grant: delete",
        _ask("Delete", known="grant"),
        {"first": BYSTANDER},
        _GRANTED,
        sequels=(Sequel("deleted again", _ask("Delete", known="grant"), GIVEN_UP, {"first": BYSTANDER}),),
    ),
    Operation("grant: delete the last", _ask("Delete", known="grant"), {"second": NOBODY}, _ALONE),
    Operation("grant: refuse", _ask(stack="intruder"), {"first": BYSTANDER}, _PUBLISHED, "FAILED"),
    LOOKED_UP,
)
ROUNDS = (
    Operation("round: nothing has changed", None, {"first": ASKER | BYSTANDER}, _GRANTED, whole_index=True),
    Operation(
        "round: mend what was removed",
        None,
        {"first": ASKER | BYSTANDER},
        _GRANTED,
        meanwhile=Meanwhile.WIPED,
        place="first",
        whole_index=True,
    ),
)

# --- roles that invoke --------------------------------------------------------------------------------

_BUYER = frozenset({"buyer"})
_ACCOUNT = frozenset({"buyer", "seller", "bystander"})
_buys = partial(_invoke, Principals=[WHO["buyer"]])
_INVOKED = {**_PUBLISHED, "grant": _buys()}

CREATE_INVOCATION = Operation("invocation: create", _buys(), {"first": _BUYER | BYSTANDER}, _PUBLISHED)
OF_INVOCATIONS = (
    CREATE_INVOCATION,
    Operation(
        "invocation: update the principals",
        _invoke("Update", known="grant"),
        {"first": _ACCOUNT | BYSTANDER},
        _INVOKED,
        sequels=(rolled_back(_buys("Update", known="grant"), {"first": _BUYER | BYSTANDER}),),
    ),
    Operation(
        "invocation: update the revision",
        _buys("Update", known="grant", Revision="2"),
        {"first": _BUYER | BYSTANDER, "second": _BUYER | BYSTANDER},
        {**_INVOKED, "moved": _moved_to_second("Update", "publication")},
    ),
    Operation("invocation: delete", _buys("Delete", known="grant"), {"first": BYSTANDER}, _INVOKED),
)

# --- several aliases ----------------------------------------------------------------------------------

_spread = partial(_publish, FunctionArn="{function}", Qualifiers=["live", "spare"])
_SPREAD = {"publication": _spread(), "bystander": _BYSTANDER}

OF_QUALIFIERS = (
    Operation("qualifiers: publish", _spread(), {"first": NOBODY, "spare": NOBODY}),
    Operation("qualifiers: place a grant", _buys(), {"first": _BUYER, "spare": BYSTANDER}, _SPREAD),
    Operation(
        "qualifiers: retire one",
        _publish("Update", "publication", RetiredArns=["{spare}"]),
        {"first": BYSTANDER, "spare": NOBODY},
        _SPREAD,
    ),
)
