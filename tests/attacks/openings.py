"""What statements of ours open, and to whom: read from policies as AWS reads them, without any of the product's code."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_ACTIONS = {"lambda": "lambda:InvokeFunction", "execute-api": "execute-api:Invoke", "iam": "sts:AssumeRole"}
_SOURCE = r"arn:aws:execute-api:[a-z0-9-]+:([0-9]{12}):[a-z0-9]+/authorizers/(?:\*|[a-z0-9]+)"
_NAMED = r"arn:aws:iam::([0-9]{12}):(?:role|user)(?:/[A-Za-z0-9+=,.@_-]+)+"
_ROOT = r"arn:aws:iam::([0-9]{12}):root"
_LISTS = {
    ("ArnLike", "AWS:SourceArn"): _SOURCE,
    ("ArnEquals", "aws:PrincipalArn"): _NAMED,
    ("StringEquals", "aws:PrincipalAccount"): r"([0-9]{12})",
}
_FIXED = {
    ("StringEquals", "aws:SourceVpce"): r"vpce-[0-9a-f]+",
    ("StringEquals", "sts:ExternalId"): r"[A-Za-z0-9_+=,.@:/-]+",
}


ANY_STAGE = "[A-Za-z0-9_-]+"


def strays(documents: Mapping[str, Any], accounts: Iterable[str], owner: str, stage: str = "prod") -> list[str]:
    """What is wrong with statements of ours: each must open a resource of the owner's, to one of these accounts alone.

    Args:
        documents: policies, by the ARN of what has them.
        accounts: who has asked, and may have.
        owner: whose all that is open must be.
        stage: which stage of a REST API is published.
    """
    allowed = frozenset(accounts)
    return [
        f"{fault} in {statement} on {arn}"
        for arn, document in documents.items()
        for statement in (document or {"Statement": []})["Statement"]
        if str(statement.get("Sid", "")).startswith("CrossAccount")
        for fault in _faults(arn, statement, allowed, owner, stage)
    ]


def _faults(arn: str, statement: Mapping[str, Any], allowed: frozenset[str], owner: str, stage: str) -> Iterator[str]:
    service, account = arn.split(":")[2], arn.split(":")[4]
    if account != owner:
        yield "a resource of another account"
    if statement["Sid"].endswith("Closed"):
        if statement["Condition"] != {"StringEquals": {"aws:PrincipalAccount": "none"}}:
            yield "somebody whom the closed statement lets in"
        return
    if statement.keys() - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}:
        yield "an unknown field"
    if not re.fullmatch(r"[A-Za-z0-9]{1,100}", statement["Sid"]) or statement["Effect"] != "Allow":
        yield "another form"
    if statement["Action"] != _ACTIONS[service]:
        yield "another action"
    if not all(_is_below(arn, stage, one) for one in _many(statement.get("Resource", ()))):
        yield "another resource"
    if ("Resource" in statement) == (service == "iam"):
        yield "no resource, or one too many"
    yield from _strangers(statement, allowed)


def _is_below(arn: str, stage: str, resource: str) -> bool:
    if ":execute-api:" not in arn:
        return resource == arn
    route = re.sub(rf"^{re.escape(arn)}/{stage}/", "", resource)
    method, _, path = route.partition("/")
    steps = path.split("/")
    return (
        route != resource
        and method in ("*", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
        and re.fullmatch(r"[!-~]*", path) is not None
        and not re.search(r"[?${}<>\"\\\s]", path)
        and not {".", ".."} & set(steps)
        and "" not in steps[:-1]
        and (method != "*" or path.startswith("*"))
    )


def _strangers(statement: Mapping[str, Any], allowed: frozenset[str]) -> Iterator[str]:
    conditions = {
        (operator, key): _many(values)
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    }
    for key, values in conditions.items():
        form = {**_LISTS, **_FIXED}.get(key)
        if form is None or not values or not all(re.fullmatch(form, one) for one in values):
            yield f"the condition {key}"
    named = {
        re.fullmatch(form, one)[1]
        for key, form in _LISTS.items()
        for one in conditions.get(key, ())
        if re.fullmatch(form, one)
    }
    match statement["Principal"]:
        case {"Service": "apigateway.amazonaws.com", **rest} if not rest and ("ArnLike", "AWS:SourceArn") in conditions:
            pass
        case {"AWS": "*", **rest} if not rest and named:
            pass
        case {"AWS": roots, **rest} if not rest and all(re.fullmatch(_ROOT, one) for one in _many(roots)):
            named |= {one.split(":")[4] for one in _many(roots)}
        case _:
            yield "the principal"
    if not named or named - allowed:
        yield f"the accounts {sorted(named - allowed)}"


def _many(values: Any) -> list[str]:
    return list(values) if isinstance(values, list | tuple) else [values]
