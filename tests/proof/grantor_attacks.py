"""Attacks with the grantor's role, in the controller's wrong hands, and by those who would like to have it."""

from collections.abc import Iterator, Mapping
from typing import Any

from attack import Attack, assuming, constantly, naming, tag
from attackers import CONSUMER, FUNCTION_ACTIONS, HOME, OWNER
from deployed_policies import PREFIX
from identities import policy, trust

GRANTOR, VISITOR, CARELESS = "grantor of owner", "grantor of intruder", "grantor of consumer"
_NARROW = policy(trust(CONSUMER))


def _on_function(thing: str, what: str, who: str = GRANTOR) -> Iterator[Attack]:
    """What a grantor may do to a tagged function, tried on a function or alias that it must leave alone."""
    document = policy(
        {"Sid": "x", "Effect": "Allow", "Principal": {"AWS": CONSUMER}, "Action": "lambda:InvokeFunction"}
    )
    for action in FUNCTION_ACTIONS:
        operation = {
            "GetResourcePolicy": ("get_resource_policy", "ResourceArn", {}),
            "PutResourcePolicy": ("put_resource_policy", "ResourceArn", {"Policy": document}),
            "DeleteResourcePolicy": ("delete_resource_policy", "ResourceArn", {}),
            "GetAlias": ("get_alias", "FunctionName", {"Name": "live"}),
            "GetFunctionConfiguration": ("get_function_configuration", "FunctionName", {}),
        }.get(action)
        if operation is not None:
            name, key, more = operation
            yield Attack(f"{what}: {action}", who, "lambda", name, naming(key, thing, **more))


def _lists_tags(thing: str, what: str) -> Attack:
    return Attack(what, GRANTOR, "lambda", "list_tags", lambda things: {"Resource": things.get(thing, thing)})


_MAPPING = f"arn:aws:lambda:{HOME}:{OWNER}:event-source-mapping:11111111-2222-3333-4444-555555555555"

ON_FUNCTIONS = (
    *_on_function("untagged function", "without consent"),
    *_on_function("own function", "one of our own functions"),
    *_on_function("foreign function", "another account's function that invites"),
    *_on_function("alias of the function", "past the session's one function", "grantor for one function"),
    *(
        one
        for one in _on_function("untagged function of the intruder", "the function of a published alias", VISITOR)
        if not one.what.endswith("GetAlias")
    ),
    *(
        one
        for one in _on_function("foreign function", "another account's alias that invites", VISITOR)
        if one.what.endswith("GetAlias")
    ),
    _lists_tags("foreign function", "reads tags of another account's function that invites"),
    _lists_tags("own function", "reads tags of one of our own functions"),
    _lists_tags(_MAPPING, "reads tags of what is no function"),
    Attack("invokes a tagged function", GRANTOR, "lambda", "invoke", naming("FunctionName", "function")),
    Attack("deletes a tagged function", GRANTOR, "lambda", "delete_function", naming("FunctionName", "function")),
    Attack(
        "changes a tagged function's code",
        GRANTOR,
        "lambda",
        "update_function_code",
        naming("FunctionName", "function", ZipFile=b"x"),
    ),
    Attack(
        "consents for a function's owner",
        GRANTOR,
        "lambda",
        "tag_resource",
        naming("Resource", "untagged function", Tags={"CrossAccountPermission": "allowed"}),
    ),
    Attack(
        "invokes the alias that is published",
        VISITOR,
        "lambda",
        "invoke",
        naming("FunctionName", "alias of the untagged function of the intruder"),
    ),
    Attack(
        "deletes the alias that is published",
        VISITOR,
        "lambda",
        "delete_alias",
        naming("FunctionName", "untagged function of the intruder", Name="live"),
    ),
    *_on_function("own function", "a careless grantor and the provider", CARELESS),
)


def _api(operation: str, what: str, thing: str = "api", who: str = GRANTOR, **more: Any) -> Attack:
    """An attack on a REST API or on something below it; `@` in a value stands for its root resource."""

    def arguments(things: Mapping[str, str]) -> Mapping[str, Any]:
        root = things.get(f"resource of the {thing}", "")
        given = {name: root if value == "@" else value for name, value in more.items()}
        return {"restApiId": things[thing], **given}

    return Attack(what, who, "apigateway", operation, arguments)


_PATCH = {"patchOperations": [{"op": "replace", "path": "/name", "value": "x"}]}
_METHOD = {"resourceId": "@", "httpMethod": "GET"}


def _below(thing: str, who: str, what: str) -> Iterator[Attack]:
    """Everything about an API that is neither its policy nor a deployment."""
    yield _api("update_method", f"{what} changes a method", thing, who, **_METHOD, **_PATCH)
    yield _api("update_integration", f"{what} changes an integration", thing, who, **_METHOD, **_PATCH)
    yield _api("update_stage", f"{what} changes a stage", thing, who, stageName="prod", **_PATCH)
    yield _api("put_method", f"{what} replaces a method", thing, who, **_METHOD, authorizationType="NONE")
    yield _api("put_integration", f"{what} replaces an integration", thing, who, **_METHOD, type="MOCK")
    yield _api("put_rest_api", f"{what} replaces the API", thing, who, body=b"{}")
    yield _api("delete_method", f"{what} deletes a method", thing, who, **_METHOD)
    yield _api("delete_rest_api", f"{what} deletes the API", thing, who)
    yield _api("create_resource", f"{what} makes a resource", thing, who, parentId="@", pathPart="x")
    yield _api("create_stage", f"{what} makes a stage", thing, who, stageName="x", deploymentId="x")
    yield Attack(f"{what} makes an API", who, "apigateway", "create_rest_api", constantly(name="x"))


ON_APIS = (
    *_below("api", GRANTOR, "a grantor"),
    *_below("api of the consumer", CARELESS, "a careless grantor"),
    _api("get_rest_api", "looks at an API without consent", "untagged api"),
    _api("get_resources", "looks at methods without consent", "untagged api"),
    _api("update_rest_api", "changes an API without consent", "untagged api", **_PATCH),
    _api("create_deployment", "deploys an API without consent", "untagged api", stageName="prod"),
    Attack("looks at the account", GRANTOR, "apigateway", "get_account", constantly()),
    Attack("looks at an HTTP API", GRANTOR, "apigatewayv2", "get_api", naming("ApiId", "http api")),
    Attack("changes an HTTP API", GRANTOR, "apigatewayv2", "update_api", naming("ApiId", "http api", Name="x")),
)


def _role(operation: str, what: str, thing: str, who: str = GRANTOR, **more: Any) -> Attack:
    return Attack(
        what, who, "iam", operation, lambda things: {"RoleName": things.get(thing, thing).rpartition("/")[2], **more}
    )


ON_ROLES = (
    _role("get_role", "looks at a role elsewhere", "role elsewhere"),
    _role("update_assume_role_policy", "opens a role without consent", "untagged role", PolicyDocument=_NARROW),
    _role("update_assume_role_policy", "opens a role elsewhere", "role elsewhere", PolicyDocument=_NARROW),
    _role("update_assume_role_policy", "opens our own role", f"{PREFIX}-provider", PolicyDocument=_NARROW),
    _role("delete_role", "deletes a tagged role", "role"),
    _role("put_role_policy", "gives a tagged role more power", "role", PolicyName="x", PolicyDocument=_NARROW),
    _role("tag_role", "consents for a role's owner", "untagged role", Tags=[tag("CrossAccountPermission", "allowed")]),
    _role("delete_role", "a careless grantor deletes our role", f"{PREFIX}-provider", CARELESS),
    _role(
        "update_assume_role_policy",
        "a careless grantor opens our role",
        f"{PREFIX}-grantor",
        CARELESS,
        PolicyDocument=_NARROW,
    ),
    *(
        Attack("becomes the grantor", who, "sts", "assume_role", assuming(OWNER, "grantor"))
        for who in (
            "administrator of central",
            "another role of central",
            "provider of owner",
            "administrator of owner",
        )
    ),
)
