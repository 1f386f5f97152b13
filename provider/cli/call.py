"""`crossaccount call`: one signed request to an API, its answer, and why it was refused."""

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import botocore.session
import click
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from botocore.parsers import ResponseParserError

from provider.calling.addresses import API_ID_HEADER, ApiAddress
from provider.calling.diagnosing import Facts, diagnosed, ledger_may_tell
from provider.calling.errors import CallingError
from provider.calling.sending import Reply, Way, send
from provider.calling.signing import ApiRequest, censored, header, secrets_of, signed
from provider.calling.standing import ApiCall, Caller
from provider.cli.errors import CommandError, ExitCode
from provider.cli.granted import Ledger

_SERVICE = "apigatewaymanagementapi"
"""The service of the AWS SDKs whose endpoint is execute-api's."""
_SESSION = "crossaccount-call"


@click.command(
    epilog="\b\nExamples:\n"
    "  crossaccount call https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders --profile buyer\n"
    "  crossaccount call https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders \\\n"
    "    --role-arn arn:aws:iam::111111111111:role/buyer --central-profile central\n"
    "  crossaccount call https://api.example.com/orders --region eu-central-1 --data @order.json\n"
    "  crossaccount call https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders --unsigned \\\n"
    "    --header 'Authorization=Bearer demo-token'\n"
)
@click.argument("url")
@click.option("--role-arn", help="Role to assume first; its credentials sign the request.")
@click.option("--external-id", help="What the role's trust policy wants to hear.")
@click.option("--method", help="HTTP method. Default: GET, or POST with --data.")
@click.option("--data", metavar="TEXT|@FILE", help="What to send; with @ the content of a file.")
@click.option("--header", "headers", multiple=True, metavar="NAME=VALUE", help="A header; may be repeated.")
@click.option("--region", help="Region of the API, where its host does not say it; else the profile's.")
@click.option("--profile", help="AWS profile that signs or assumes the role; your default one unless told.")
@click.option("--vpc-endpoint", metavar="HOST", help="Call a private API under this DNS name of a VPC endpoint.")
@click.option("--unsigned", is_flag=True, help="Send no signature, as for an API with an authorizer.")
@click.option("--timeout", type=click.FloatRange(1, 900), default=60, show_default=True, help="Seconds to wait.")
@click.option("--central-profile", help="AWS profile of the central account: look into the ledger (read only).")
@click.option("--central-region", help="The centre's home Region; the central profile's unless told.")
def command(**options: Any) -> int:
    """Call an API as a consumer would, signed with SigV4, and say why where it is refused.

    Prints SUCCESS or FAILED with the status and the answer. Exit code 1: the API has answered, with a status of 400 or more;
    then the cause is told, as far as the answer and (with --central-profile) the ledger tell. No credential is ever printed.
    """
    try:
        return _call(_Options(**options))
    except CallingError as error:
        raise click.UsageError(str(error)) from error


@dataclass(frozen=True, slots=True)
class _Options:
    url: str
    role_arn: str | None
    external_id: str | None
    method: str | None
    data: str | None
    headers: tuple[str, ...]
    region: str | None
    profile: str | None
    vpc_endpoint: str | None
    unsigned: bool
    timeout: float
    central_profile: str | None
    central_region: str | None


@dataclass(frozen=True, slots=True)
class _Signer:
    """Who signs, and for which Region."""

    session: Any
    region: str
    credentials: Any
    role: str


def _call(options: _Options) -> int:
    request = _request(options)
    session = _session(options.profile)
    ledger = _ledger(options) if options.central_profile else None
    region = options.region or request.address.region or str(session.get_config_variable("region") or "")
    way = _way(session, region, options.timeout)
    signer = None if options.unsigned else _signer(session, region, options)
    sent = signed(request, signer.credentials, region) if signer else request
    reply = send(sent, way)
    secrets = request.secrets | sent.secrets | (secrets_of(signer.credentials) if signer else frozenset())
    _show(reply, secrets)
    if reply.succeeded:
        return ExitCode.OK
    facts = Facts(request.address, request.method, reply, signed_for=region if signer else "")
    raise CommandError(censored(str(diagnosed(_looked_up(facts, signer, ledger))), secrets), ExitCode.NEGATIVE)


# --- what is asked ---------------------------------------------------------------------------------


def _request(options: _Options) -> ApiRequest:
    if options.unsigned and options.role_arn:
        raise click.UsageError("An --unsigned request has no use for --role-arn. Leave out one of them.")
    if options.external_id and not options.role_arn:
        raise click.UsageError("--external-id is for assuming a role. Name the role by --role-arn.")
    address = ApiAddress.of(options.url)
    headers = dict(_header(text, signed=not options.unsigned) for text in options.headers)
    if options.vpc_endpoint:
        address, more = address.through(options.vpc_endpoint)
        headers |= more
    named = {name.lower(): value for name, value in headers.items()}
    if not address.api and API_ID_HEADER in named:
        address = replace(address, api=named[API_ID_HEADER])
    body = _body(options.data)
    if body and "content-type" not in named:
        headers["Content-Type"] = "application/json" if _is_json(body) else "text/plain; charset=utf-8"
    method = (options.method or ("POST" if options.data is not None else "GET")).upper()
    if not (method.isascii() and method.isalpha()):
        raise click.BadParameter(f"{method!r} is no HTTP method. Give one such as GET.", param_hint="--method")
    return ApiRequest(address, method, headers, body)


def _header(text: str, *, signed: bool) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return header(name.strip(), value.strip(), signed=signed)


def _body(data: str | None) -> bytes:
    if data is None or not data.startswith("@"):
        return (data or "").encode()
    path = Path(data[1:])
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or type(error).__name__
        message = f"{path} cannot be read: {why}. Give the path of a file after @, or the text itself."
        raise click.BadParameter(message, param_hint="--data") from error


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


# --- who asks, and how it gets there ----------------------------------------------------------------


def _session(profile: str | None) -> Any:
    session = botocore.session.Session(profile=profile)
    session.get_scoped_config()  # a profile that does not exist is found here
    return session


def _way(session: Any, region: str, patience: float) -> Way:
    """An endpoint_url that profile or environment configure is where to connect, whatever the URL's host (docs/local-cloud.md)."""
    if not region:
        raise CommandError(
            "The URL does not say the API's Region. Name it by --region, such as --region eu-central-1.", ExitCode.USAGE
        )
    keyless = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    try:
        found: str = session.create_client(_SERVICE, region_name=region, **keyless).meta.endpoint_url
    except ValueError as error:  # of a configured endpoint_url that is none
        message = f"{str(error).rstrip('.')}. Correct endpoint_url in the profile, or AWS_ENDPOINT_URL."
        raise CommandError(message) from error
    configured = "" if "//execute-api." in found else found
    return Way(configured, session.get_config_variable("ca_bundle") or True, patience)


def _signer(session: Any, region: str, options: _Options) -> _Signer:
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    if options.role_arn:
        asked = {"RoleArn": options.role_arn, "RoleSessionName": _SESSION}
        asked |= {"ExternalId": options.external_id} if options.external_id else {}
        assumed = session.create_client("sts", region_name=region).assume_role(**asked)["Credentials"]
        session = botocore.session.Session(profile=options.profile)
        session.set_credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"])
        credentials = session.get_credentials()
    return _Signer(session, region, credentials.get_frozen_credentials(), options.role_arn or "")


# --- what came of it --------------------------------------------------------------------------------


def _show(reply: Reply, secrets: frozenset[str]) -> None:
    word, colour = ("SUCCESS", "green") if reply.succeeded else ("FAILED", "red")
    click.echo(f"{click.style(word, fg=colour, bold=True)} {reply.status} {reply.error_type}".rstrip())
    text = censored(reply.text, secrets)
    if text:
        click.echo(text)


def _looked_up(facts: Facts, signer: _Signer | None, ledger: Ledger | None) -> Facts:
    """With who has called, and with what the ledger holds where that may tell more."""
    address = facts.address
    caller = _caller(signer) if signer else None
    facts = replace(facts, caller=caller)
    if ledger is None or not address.api or not ledger_may_tell(facts):
        return facts
    if facts.reply.status == 500:
        return replace(facts, ledger=ledger.of_authorizer(address.api, address.region))
    if caller is None:
        return facts
    call = ApiCall(
        caller, address.api, address.region, address.stage, facts.method, address.path, endpoint=address.endpoint
    )
    return replace(facts, ledger=ledger.of_call(call))


def _caller(signer: _Signer) -> Caller | None:
    """Who STS says it is; the ARN of a role that was named is more than a session tells of it."""
    with suppress(ClientError, BotoCoreError, ResponseParserError):
        found = signer.session.create_client("sts", region_name=signer.region).get_caller_identity()["Arn"]
        return Caller.of(signer.role or found)
    return None


def _ledger(options: _Options) -> Ledger:
    session = _session(options.central_profile)
    return Ledger(session.create_client("dynamodb", region_name=options.central_region))
