"""Policies as a plan may find them: statements of the owner's, of other centres', and of ours in between."""

from collections.abc import Mapping, Sequence
from typing import Any

from as_aws_keeps import kept
from asked import RESOURCES, Asked, written
from hypothesis import strategies as st

from provider.core.identifiers import AccountId
from provider.core.statements import CentreId

THEIRS = CentreId.of(AccountId("999999999999"), "us-east-1")

_ACTIONS = {"function": "lambda:InvokeFunction", "api": "execute-api:Invoke", "role": "sts:AssumeRole"}


def foreign(kind: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Statements that are not ours, refusals above all; some look very much like ours."""
    sids = [
        "mine",
        "CrossAccount",
        f"CrossAccount{THEIRS.text}Authorizer0000000000000000",
        f"{THEIRS.prefix}Closed",
        "x",
    ]
    principals = [
        "*",
        {"AWS": "111111111111"},
        {"AWS": ["AROAJQABLZS4A3QDU576Q"]},
        {"Service": "apigateway.amazonaws.com"},
    ]
    service = _ACTIONS[kind].partition(":")[0]
    conditions = [
        {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
        {"Bool": {"aws:SecureTransport": "false"}},
    ]
    principal = st.sampled_from(["Principal", "NotPrincipal"])
    action = st.sampled_from(["Action", "NotAction"])
    whom = st.tuples(principal, st.sampled_from(principals))
    what = st.tuples(action, st.sampled_from([_ACTIONS[kind], [f"{service}:*"], "*"]))
    more = st.fixed_dictionaries(
        {"Effect": st.sampled_from(["Deny", "Allow"])},
        optional={"Sid": st.sampled_from(sids), "Condition": st.sampled_from(conditions)},
    )
    resource = {} if kind == "role" else {"Resource": f"{RESOURCES[kind]}*"}
    one = st.tuples(more, whom, what).map(lambda found: {**found[0], **dict(found[1:]), **resource})
    return st.lists(one, max_size=4)


@st.composite
def standing(
    draw: st.DrawFn, theirs: Sequence[Mapping[str, Any]], asked: Sequence[Asked], *, in_any_form: bool = False
) -> dict[str, Any]:
    """A policy with the foreign statements in their order and, anywhere in between, ours for what was asked."""
    statements: list[Any] = list(theirs)
    for one in written(asked):
        position = draw(st.integers(0, len(statements)))
        statements.insert(position, draw(kept(one)) if in_any_form else one)
    return {"Version": "2012-10-17", "Id": "default", "Statement": statements}
