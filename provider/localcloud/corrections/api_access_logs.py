# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""The access log of a stage: one line per call that reached it, in the format that the stage says."""

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.api_vpc_endpoints import FORBIDDEN
from provider.localcloud.corrections.ministack_names import part, require, supplant
from provider.localcloud.corrections.rest_api_identities import caller, endpoint

_REST, _LOGS = "services.apigateway_v1", "services.cloudwatch_logs"
_TYPE = "AWS::ApiGateway::Stage"
_TEST = "tests/localcloud/test_api_access_logs.py"
_VARIABLE = re.compile(r"\$context\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)")
_NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"
_GROUP = re.compile(r"arn:aws[\w-]*:logs:[^:]+:\d{12}:log-group:([^:]+)(?::\*)?")
_Made = tuple[str, Mapping[str, Any]]


def apply() -> None:
    """Keep the setting of stacks' stages, and write what it asks for."""
    require(
        _REST, "_stages_v1", "_account_settings", "_match_resource_tree", "find_api_scope", "method_authorization_type"
    )
    require(_LOGS, "_log_groups", "_create_log_stream", "_put_log_events")
    require("app", "_parse_execute_api_url")
    handlers = require("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _with_setting(handlers["create"], properties_at=1)
    handlers["update"] = _with_setting(handlers["update"], properties_at=2)
    supplant("app", "_handle_execute_api_request", _logging)


@behaviour(
    call="cloudformation:AWS::ApiGateway::Stage",
    expected="AccessLogSetting takes effect; it needs the account's role for CloudWatch Logs in that Region: else 400 "
    "'CloudWatch Logs role ARN must be set in account settings to enable logging'",
    source="aws-samples/amazon-bedrock-knowledgebase-slackbot#6; API Gateway Developer Guide, set up CloudWatch logging",
    test=f"{_TEST}::test_an_access_log_needs_the_accounts_role",
)
def _with_setting(old: Callable[..., _Made], *, properties_at: int) -> Callable[..., _Made]:
    def change(*arguments: Any, **named: Any) -> _Made:
        properties = arguments[properties_at]
        told = properties.get("AccessLogSetting") or {}
        role = (part(_REST)._account_settings.get("settings") or {}).get("cloudwatchRoleArn")
        if told and not role:
            raise ValueError(f"{_NO_ROLE} (Service: ApiGateway, Status Code: 400)")
        made = old(*arguments, **named)
        stage = part(_REST)._stages_v1[properties["RestApiId"]][properties["StageName"]]
        stage["accessLogSettings"] = {name[0].lower() + name[1:]: value for name, value in told.items()}
        return made

    return change


@behaviour(
    call="execute-api:Invoke",
    expected="a stage with an access log has a line for each call that reached it, refused ones too, in its format, where a "
    "`$context` variable without a value is `-`; a log group that is not there is passed over",
    source="API Gateway Developer Guide, set up CloudWatch logging; context variables",
    test=f"{_TEST}::test_a_stage_logs_who_called",
)
def _logging(old: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle(host: str, path: str, method: str, headers: Mapping[str, str], *rest: Any, **named: Any) -> Any:
        answer = await old(host, path, method, headers, *rest, **named)
        asked = part("app")._parse_execute_api_url(host, path)
        if asked and answer is not None and answer is not FORBIDDEN:
            _log(asked, method, headers, rest[1] if len(rest) > 1 else {}, answer)
        return answer

    return handle


def _log(asked: tuple[str, str, str], method: str, headers: Mapping[str, str], query: Any, answer: Any) -> None:
    api, name, path = asked
    scope = part(_REST).find_api_scope(api)
    if scope is None:
        return
    signed = part(_REST).method_authorization_type(api, name, method, path) == "AWS_IAM"
    with part("core.responses").request_scope(*scope):
        stage = part(_REST)._stages_v1.get(api, {}).get(name) or {}
        setting = stage.get("accessLogSettings") or {}
        group = _GROUP.fullmatch(str(setting.get("destinationArn")))
        if group is None or group[1] not in part(_LOGS)._log_groups:
            return
        known = {
            **_of_request(asked, method, headers),
            **_of_answer(answer),
            **{
                f"identity.{key}": value
                for key, value in {**(caller(headers, query) if signed else {}), **endpoint()}.items()
            },
        }
        text = _VARIABLE.sub(lambda match: str(known.get(match[1]) or "-"), str(setting.get("format", "")))
        _write(group[1], text.replace("\n", " "))


def _of_request(asked: tuple[str, str, str], method: str, headers: Mapping[str, str]) -> dict[str, Any]:
    api, stage, path = asked
    resource, _ = part(_REST)._match_resource_tree(api, [one for one in path.strip("/").split("/") if one])
    now = time.time()
    return {
        "apiId": api,
        "stage": stage,
        "httpMethod": method,
        "path": f"/{stage}{path}",
        "resourcePath": (resource or {}).get("path"),
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "requestTimeEpoch": int(now * 1000),
        "protocol": "HTTP/1.1",
        "identity.userAgent": headers.get("user-agent"),
        "identity.sourceIp": part("core.responses").get_request_client_ip(),
    }


def _of_answer(answer: tuple[int, Mapping[str, str], bytes]) -> dict[str, Any]:
    status, headers, body = answer
    names = {name.lower(): value for name, value in headers.items()}
    told = {
        "status": status,
        "responseLength": len(body),
        "requestId": names.get("x-amzn-requestid") or part(_REST).new_uuid(),
    }
    if "x-amzn-errortype" not in names:
        return told
    said = json.loads(body or b"{}")
    return {**told, "error.message": said.get("message") or said.get("Message")}


def _write(group: str, text: str) -> None:
    logs, stream = part(_LOGS), "access"
    logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    event = {"timestamp": int(time.time() * 1000), "message": text}
    logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [event]})
