"""What an operation did to each resource, which is what its rollback goes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from provider.localcloud.cloudformation.operation import Record
from provider.localcloud.cloudformation.provisioning import Deletes
from provider.localcloud.cloudformation.resource import Resource


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that an operation touched.

    `before` is the record from before the operation, None if there was none; `after` the record that the
    operation left, None if it failed. `failed_id` is the id that a provider failed with: after it has
    been told of an event there may be something under that id. `sent` says that it has been told.
    """

    resource: Resource
    before: Record | None = None
    old_properties: Mapping[str, Any] | None = None
    after: Record | None = None
    failed_id: str | None = None
    sent: bool = False
    old_deletes: Deletes | None = None

    @property
    def replaced(self) -> bool:
        """Whether another physical resource has taken the place of one."""
        if self.before is None or self.after is None:
            return False
        return bool(self.old_deletes) or self.before["PhysicalResourceId"] != self.after["PhysicalResourceId"]


@dataclass(frozen=True, slots=True)
class Leftover:
    """A physical resource that nothing needs any longer."""

    resource: Resource
    physical_id: str
    policy: str = "Delete"
    old_deletes: Deletes | None = None
