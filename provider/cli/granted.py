"""What the centre's ledger holds about a call: the targets concerned, read and never written."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from provider.calling.standing import ApiCall, Finding, of_authorizer, of_call
from provider.cli.errors import CommandError, ExitCode
from provider.cli.ledger import TABLE
from provider.controller import codec
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.identifiers import Arn, FunctionArn, RestApiArn, target_arn
from provider.core.records import TargetView

_EVER = 2.0**40  # seconds: every resource is due some time


class Ledger:
    """The ledger of the centre that a DynamoDB client leads to."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._ledger = DynamoDBLedger(client, TABLE)

    def of_call(self, call: ApiCall) -> Finding:
        """Where the permission to call a REST API stands; its account is not known, so it is found among all."""

        def is_it(arn: Arn) -> bool:
            found = target_arn(arn)
            return isinstance(found, RestApiArn) and (found.api, found.region) == (call.api, call.region)

        return of_call(self._views(arn for arn in self._resources() if is_it(arn)), call)

    def of_authorizer(self, api: str, region: str) -> Finding:
        """Where the permission of an API's authorizer stands; whose function that is, only the API's account knows."""
        functions = (arn for arn in self._resources() if isinstance(target_arn(arn), FunctionArn))
        return of_authorizer(self._views(functions), api, region)

    def _resources(self) -> Iterator[Arn]:
        try:
            yield from self._ledger.due(_EVER)
        except self._client.exceptions.ResourceNotFoundException as error:
            region = self._client.meta.region_name
            remedy = (
                "Name a profile of the central account by --central-profile, and its home Region by --central-region."
            )
            raise CommandError(f"There is no table {TABLE} in {region}. {remedy}", ExitCode.REFUSED) from error

    def _views(self, resources: Iterator[Arn]) -> Iterator[TargetView]:
        """All names that point to resources, with their grants."""
        targets = sorted({name for arn in resources for name in self._names(arn)})
        now = time.time()
        quarantined = self._ledger.quarantined(now)
        for target in targets:
            yield replace(self._ledger.view(codec.target_of(target), now), quarantined=quarantined)

    def _names(self, arn: Arn) -> Iterator[str]:
        key = codec.to_wire(codec.resource_key(arn))
        found = self._client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item", {})
        yield from codec.from_wire(found).get("names", ())
