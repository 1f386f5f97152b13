"""The guard of an account's provider stack: it lets the stack go once nothing needs the provider function any more.

CloudFormation sends the Delete of a permission to the provider function of the stack's Region. Without the function the stack could not be
deleted, and its statements would stand on. Nothing is recorded of a guard itself.
"""

from collections.abc import Iterable

from provider.core.answers import Answer, Status, kept_id
from provider.core.errors import ProviderNeeded
from provider.core.identifiers import Origin, digest, is_declaration_id
from provider.core.properties import is_true, validate
from provider.core.records import GrantRecord
from provider.core.requests import Request, RequestType


def guarded(request: Request, held: Iterable[GrantRecord]) -> Answer:
    """What to answer to the event of a guard.

    Args:
        request: an event of a `Custom::CrossAccountGuard`.
        held: the grants of the account's stacks, of all Regions.

    Raises:
        ProviderNeeded: its stack is being deleted while grants of its Region live.
        Permanent: the properties of a Create or Update break the schema.
    """
    if request.type is not RequestType.DELETE:
        validate(request.resource_type, request.properties)
        return Answer(Status.SUCCESS, f"guard-{digest(request.key.account, request.origin.stack_id)}")
    # A guard that never stood guards nothing: it must not keep a failed creation from being rolled back.
    stood = is_declaration_id(request.physical_id or "")
    if stood and not is_true(request.properties.get("AllowDeletionWithGrants")):
        needing = sorted((one.grant.origin for one in held if _needs(one, request.origin)), key=_place)
        if needing:
            first = needing[0]
            raise ProviderNeeded(request.origin.stack.region, len(needing), first.logical_id, first.stack.name)
    return Answer(Status.SUCCESS, kept_id(request))


def _needs(record: GrantRecord, guard: Origin) -> bool:
    """Whether a Delete of the grant's resource will come through the provider function that is guarded.

    None comes of a resource that was found not to be in its stack any more.
    """
    stack, own = record.grant.origin.stack, guard.stack
    return (
        not record.withdrawn and record.absence is None and (stack.region, stack.account) == (own.region, own.account)
    )


def _place(origin: Origin) -> tuple[str, str]:
    return origin.stack_id, origin.logical_id
