"""What the consumers of the model ask for, on targets of each kind."""

from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
from model_targets import KINDS, NAME, STAGES, all_arns

ENDPOINTS = ("vpce-0123456789abcdef0", "vpce-0123456789abcdef1")
EXTERNAL_IDS = ("shop-1", "shop-2")
APIS, AUTHORIZERS = ("apiaaaaa", "apibbbbb"), ("auth1", "auth2")
ROLES = ("role/buyer", "role/shop/seller")


def principal(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:{name}"


def _some(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


def _specification(grant_type: str, kind: str, account: str) -> st.SearchStrategy[dict[str, Any]]:
    principals = _some(*(principal(account, name) for name in ROLES))
    match grant_type:
        case "Authorizer":
            always, given = {"ApiId": st.sampled_from(APIS)}, {"AuthorizerIds": _some(*AUTHORIZERS)}
        case "ExecuteApi":
            always = {}
            given = {
                "Principals": principals,
                "Methods": _some("GET", "POST"),
                "Paths": _some("/orders", "/orders/*"),
            }
            if kind == "private":
                given["VpcEndpointIds"] = _some(*ENDPOINTS)
        case "AssumeRole":
            always, given = {}, {"Principals": principals, "ExternalId": st.sampled_from(EXTERNAL_IDS)}
        case _:
            always, given = {}, {"Principals": principals}
    return st.fixed_dictionaries({"GrantType": st.just(grant_type), **always}, optional=given)


@st.composite
def wishes(draw: st.DrawFn, kind: str, owner: str, account: str, now: float) -> dict[str, Any]:
    """The properties of a permission on the owner's target, which ends some time after `now`, if at all."""
    asked = draw(_specification(draw(st.sampled_from(KINDS[kind])), kind, account))
    more = {
        "Revision": draw(st.sampled_from([None, None, "2", "3"])),
        "Environment": draw(st.sampled_from([None] * 9 + ["nowhere"])),
        "ExpiresAt": draw(st.sampled_from([None, None, None, 500, 2000, 9000])),
        "StageName": draw(st.sampled_from([None] * 6 + list(STAGES))) if "ExecuteApi" in KINDS[kind] else None,
        "TargetArn": draw(st.sampled_from([None] * 12 + all_arns(owner)[:4])) if kind == "functions" else None,
    }
    if more["ExpiresAt"]:
        ends = datetime.fromtimestamp(now + more["ExpiresAt"], UTC)
        more["ExpiresAt"] = ends.strftime("%Y-%m-%dT%H:%M:00Z")
    return {"Target": f"{owner}/{NAME}", **asked, **{name: value for name, value in more.items() if value}}


def ends_at(wish: dict[str, Any]) -> float:
    """When a permission ends by itself, in epoch seconds."""
    text = wish.get("ExpiresAt", "9999-01-01T00:00:00Z")
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
