"""Property values that a permission's schema takes, drawn from the schema itself, and such as somebody might try."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st

from provider.core.properties import PERMISSION, schema
from provider.core.specifications import GrantType

_PROPERTIES: dict[str, Any] = schema(PERMISSION)["properties"]

FITTING: Mapping[str, tuple[str, ...]] = {
    GrantType.AUTHORIZER: ("ApiId", "AuthorizerIds"),
    GrantType.INVOKE_FUNCTION: ("Principals",),
    GrantType.EXECUTE_API: ("Principals", "StageName", "Methods", "Paths", "VpcEndpointIds"),
    GrantType.ASSUME_ROLE: ("Principals", "ExternalId"),
}
"""What goes with each grant type; the properties of all of them are not among these."""

EVERYWHERE = (
    "ServiceToken",
    "ServiceTimeout",
    "Target",
    "Environment",
    "GrantType",
    "TargetArn",
    "ExpiresAt",
    "Revision",
)

HOSTILE = (
    "*",
    "?",
    "**",
    "",
    "/",
    "//",
    "/..",
    "/../admin",
    "/%2e%2e/admin",
    "/%2A",
    "/orders?x=*",
    "GET/*",
    "ANY",
    "any text",
    "vpce-*",
    "aaaaa/authorizers/*",
    "aaaaa:*",
    "${aws:PrincipalAccount}",
    "${*}",
    "111111111111",
    "arn:aws:iam::555555555555:role/buyer",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::*:role/buyer",
    "arn:aws:iam::111111111111:role/*",
    "arn:aws:iam::111111111111:role/buyer\n",
    "arn:aws:iam::111111111111:role/bu?er",
    f"arn:aws:iam::{chr(0x661) * 12}:role/buyer",  # digits, but not of ASCII
    "arn:aws:sts::111111111111:assumed-role/buyer/session",
    "arn:aws-cn:iam::111111111111:role/buyer",
    "arn:aws:iam::111111111111:role/${aws:username}",
)
"""What somebody might try, in whatever property."""


@cache
def valid(grant_type: str, account: str) -> st.SearchStrategy[dict[str, Any]]:
    """Properties of a permission that its schema takes; its principals are the account's own."""
    given = {name: _valued(name, account) for name in FITTING[grant_type]}
    required = {name: given.pop(name) for name in ("ApiId",) if name in given}
    return st.fixed_dictionaries({"GrantType": st.just(grant_type), **required}, optional=given)


@cache
def tried(grant_type: str, account: str) -> st.SearchStrategy[dict[str, Any]]:
    """Properties of which any may be anything, those that do not go with the type among them."""
    hostile = st.sampled_from(HOSTILE)
    names = sorted(set(_PROPERTIES) - set(EVERYWHERE))
    values = {name: st.one_of(_valued(name, account), hostile, st.lists(hostile, max_size=2)) for name in names}
    own = {name: values.pop(name) for name in FITTING[grant_type]}
    odd = st.fixed_dictionaries({}, optional=values).filter(lambda found: len(found) <= 1)
    fitting = st.fixed_dictionaries({"GrantType": st.just(grant_type)}, optional=own)
    return st.tuples(fitting, odd).map(lambda pair: {**pair[0], **pair[1]})


@cache
def _valued(name: str, account: str) -> st.SearchStrategy[Any]:
    rules = _PROPERTIES[name]
    if rules.get("type") != "array":
        return _text(rules, account)
    most = min(rules["maxItems"], 3)
    return st.lists(_text(rules["items"], account), min_size=rules["minItems"], max_size=most, unique=True)


def _text(rules: Mapping[str, Any], account: str) -> st.SearchStrategy[str]:
    if "enum" in rules:
        return st.sampled_from(rules["enum"])
    form = re.compile(rules["pattern"])
    found = st.from_regex(rules["pattern"], fullmatch=True).map(lambda text: _owned(text, account))
    return found.filter(lambda text: form.search(text) is not None and _is_taken(text, rules))


def _owned(text: str, account: str) -> str:
    """The same of the account, where it is of one."""
    return re.sub(r"^arn:aws[a-z-]*:iam::[0-9]{12}", f"arn:aws:iam::{account}", text)


def _is_taken(text: str, rules: Mapping[str, Any]) -> bool:
    """Within its length; and no path that leaves its place, which the schema does not see."""
    return len(text) <= rules.get("maxLength", 1224) and not re.search(
        r"//|/\.{1,2}(?:/|$)|%2[eEfF]|%5[cC]|%2[aA]|%3[fF]", text if text.startswith("/") else ""
    )
