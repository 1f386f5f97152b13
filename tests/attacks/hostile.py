"""Texts that somebody might put wherever a text may stand, and mixtures of them with what belongs there."""

import json
from typing import Any

from hypothesis import strategies as st

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]})
PIECES = (
    "*",
    "?",
    "**",
    "/",
    "//",
    "..",
    "/../",
    "/./",
    "%2e%2e%2f",
    "%2A",
    "%252A",
    "\\",
    '"',
    "'",
    '","Principal":"*',
    '"]},{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}',
    "${aws:PrincipalAccount}",
    "${aws:username}",
    "${*}",
    "$",
    "{",
    "<script>",
    ":",
    "::",
    "#",
    "|",
    ",",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\x00",
    "\x1b[31m",
    "\u00a0",
    "\u200b",
    "\u202e",
    "\u2028",
    "\ud800",
    "\udfff",
    "\U0001f600",
    "é",
    "e\u0301",
    "\u0661",
    "\uff0a",
    "444444444444",
    "arn:aws:iam::444444444444:role/buyer",
    "arn:aws:iam::111111111111:root",
    "arn:aws:lambda:eu-west-1:333333333333:function:other",
    POLICY,
)
"""What a policy, a path, a key, a log or a terminal might take for more than a letter."""

WHOLES: tuple[Any, ...] = (
    *PIECES,
    "",
    "x" * 50_000,
    "*" * 10_000,
    0,
    -1,
    1.5,
    10**400,
    True,
    None,
    [],
    [[]],
    {},
    {"Ref": "AWS::AccountId"},
    {"Fn::Sub": "${AWS::AccountId}"},
    ["*"],
    [None],
    ["a", "a"],
    [POLICY],
    json.loads(POLICY),
    json.loads("[" * 300 + "]" * 300),
)
"""What may stand in place of a value as a whole."""

GOOD: dict[str, tuple[Any, ...]] = {
    "ApiId": ("a1b2c3d4e5", "abcde"),
    "AuthorizerIds": (["abc123"], ["abc123", "def456"]),
    "Principals": (["arn:aws:iam::111111111111:role/buyer"], ["arn:aws:iam::111111111111:user/shop/seller"]),
    "StageName": ("prod",),
    "Methods": (["GET"], ["GET", "POST"]),
    "Paths": (["/orders"], ["/orders/*", "/*"], ["/*/items"]),
    "VpcEndpointIds": (["vpce-0123456789abcdef0"],),
    "ExternalId": ("shop-7", "a/b:c"),
    "Environment": ("default",),
    "Revision": ("1", "two"),
    "ExpiresAt": ("2027-01-31T00:00:00Z", "9999-12-31T23:59:59Z"),
    "TargetArn": ("arn:aws:lambda:eu-west-1:333333333333:function:shared:blue",),
    "ServiceToken": ("arn:token",),
    "ServiceTimeout": ("30", 30),
    "Name": ("mine", "other-name"),
    "FunctionArn": (
        "arn:aws:lambda:eu-west-1:444444444444:function:own",
        "arn:aws:lambda:eu-west-1:444444444444:function:own:live",
    ),
    "Qualifiers": (["live"], ["blue", "green"]),
    "RestApiId": ("mineapi000", "ordersapi0"),
    "RoleArn": ("arn:aws:iam::444444444444:role/cross-account/own", "arn:aws:iam::444444444444:role/cross-account/a/b"),
    "AllowedGrantTypes": (["Authorizer"], ["Authorizer", "InvokeFunction"], ["ExecuteApi"], ["AssumeRole"]),
    "AllowedAccounts": (["111111111111"], ["111111111111", "444444444444"]),
    "AllowedOrganizationalUnits": (["ou-ab12-cdefgh34"], ["r-ab12", "ou-ab12-cdefgh34"]),
    "AllowOrganization": ("true", "false", True),
    "AllowDeletionWithConsumers": ("true",),
    "RedeployOnChange": ("true", "false"),
    "MethodsWithoutAuthorization": ("Close", "CloseWhileGranted"),
    "RetiredArns": (["arn:aws:lambda:eu-west-1:444444444444:function:old"],),
    "MaximumGrantDays": ("30", 9999),
    "MaximumGrantsPerAccount": ("10", 1),
    "MaximumPolicySharePerAccount": ("100", 1),
    "Target": ("333333333333/function", "333333333333/api"),
    "GrantType": ("Authorizer", "InvokeFunction", "ExecuteApi", "AssumeRole"),
}
"""Values that the schemas take, by property."""

_piece = st.one_of(st.sampled_from(PIECES), st.characters())


def spoilt(text: str) -> st.SearchStrategy[str]:
    """A text with something in it, before it, behind it, or in place of a part."""

    def put(piece: str, start: int, length: int) -> str:
        return text[:start] + piece + text[start + length :]

    return st.builds(put, _piece, st.integers(0, len(text)), st.integers(0, 3))


def _spoilt_value(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, list):
        return st.sampled_from(value).flatmap(spoilt).map(lambda one: [*value[1:], one])
    return spoilt(str(value))


def good(name: str) -> st.SearchStrategy[Any]:
    """What the schema takes."""
    return st.sampled_from(GOOD[name])


def bad(name: str) -> st.SearchStrategy[Any]:
    """What it mostly does not take: a good value spoilt, or anything at all."""
    return st.one_of(good(name).flatmap(_spoilt_value), st.sampled_from(WHOLES), good(name).map(lambda one: [one]))


def properties(fitting: dict[str, bool], foreign: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Good values for properties (True: always there), of which one may be bad, and perhaps one that does not fit.

    With them, sometimes, a property that there is not.
    """
    base = st.fixed_dictionaries(
        {name: good(name) for name, needed in fitting.items() if needed},
        optional={name: good(name) for name, needed in fitting.items() if not needed},
    )
    name = st.sampled_from([*(list(fitting) * 3), *foreign])
    change = name.flatmap(lambda one: bad(one).map(lambda value: {one: value}))
    unknown = st.tuples(st.text(min_size=1, max_size=20), st.sampled_from(WHOLES)).map(lambda pair: dict([pair]))
    return st.tuples(base, st.one_of(st.just({}), change, change, change, unknown)).map(lambda pair: pair[0] | pair[1])
