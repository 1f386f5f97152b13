"""The permissions that foreign statements come to, as templates to deploy or to paste from: one for each account and Region."""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby

from provider.cli.adoptable import GRANTED, STAYS, AdoptableLine
from provider.core.identifiers import Target

_SERVICE = "!Sub arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:cross-account-permission"


def templates(lines: Iterable[AdoptableLine], target: Target) -> Iterator[str]:
    """A YAML document for each account and Region that something is yet to be asked by."""
    asked = sorted(
        (one for one in lines if one.state not in (GRANTED, STAYS)), key=lambda one: (one.account, one.region)
    )
    for (account, region), some in groupby(asked, key=lambda one: (one.account, one.region)):
        where = f"account {account}" + (f", Region {region}" if region else ", any Region")
        yield "\n".join([f"# {where}", "Resources:", *_resources(_distinct(some), target)])


def _distinct(lines: Iterable[AdoptableLine]) -> list[AdoptableLine]:
    """One of those that ask the same, whichever statements they come from."""
    return list({json.dumps([one.type, one.properties]): one for one in lines}.values())


def _resources(lines: list[AdoptableLine], target: Target) -> Iterator[str]:
    name = "".join(part.capitalize() for part in target.name.split("-"))
    for number, one in enumerate(lines, 1):
        yield f"  # what {_plain(one.statement)} allows" + (
            f"; at present refused: {_plain(one.why)}" if one.why else ""
        )
        yield f"  {name}Permission{number if len(lines) > 1 else ''}:"
        yield "    Type: Custom::CrossAccountPermission"
        yield "    Properties:"
        properties = {"Target": target.full_name, "GrantType": one.type, **one.properties}
        if target.environment != "default":
            properties["Environment"] = target.environment
        yield f"      ServiceToken: {_SERVICE}"
        yield "      ServiceTimeout: 300"
        yield from (f"      {key}: {json.dumps(value)}" for key, value in properties.items())


def _plain(text: str) -> str:
    """Text of others on one line of a comment."""
    return " ".join(text.split())
