"""S3 buckets of stacks: the configurations that the base leaves out, policies checked, no bucket deleted with its objects."""

# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.ministack_names import part, require

_PROVISIONERS = "services.cloudformation.provisioners"
_S3 = "services.s3"
_TEST = "tests/localcloud/test_resource_types.py"
_Made = tuple[str, Mapping[str, Any]]
_Properties = Mapping[str, Any]
_Answer = tuple[int, Any, bytes]


class BucketRefusedError(ValueError):
    """S3 refuses; in the words of CloudFormation's handler."""

    def __init__(self, status: int, body: bytes) -> None:
        text = fromstring(body).findtext(".//Message") or body.decode(errors="replace")  # noqa: S314 - the base's own
        token = part("core.responses").new_uuid()
        super().__init__(
            f'Resource handler returned message: "{text} (Service: S3, Status Code: {status})" '
            f"(RequestToken: {token}, HandlerErrorCode: GeneralServiceException)"
        )


def apply() -> None:
    """Stand around the base's handlers."""
    base = require(_PROVISIONERS, "_RESOURCE_HANDLERS", "_tag_map")
    require(_S3, "_buckets", "_bucket_policies", "_bucket_tags", "_bucket_versioning")
    require(_S3, "_delete_bucket", "_put_bucket_policy", "_delete_bucket_policy")
    require(_S3, *(name for pair in _OPERATIONS.values() for name in pair))
    bucket, policy = base._RESOURCE_HANDLERS["AWS::S3::Bucket"], base._RESOURCE_HANDLERS["AWS::S3::BucketPolicy"]
    bucket["create"], bucket["update"] = _configuring(bucket["create"]), _reconfiguring(bucket["update"])
    bucket["delete"] = _delete
    policy["create"], policy["update"] = _put_policy, _update_policy
    policy["delete"] = _delete_policy


_OPERATIONS = {
    "BucketEncryption": ("_put_bucket_encryption", "_delete_bucket_encryption"),
    "LifecycleConfiguration": ("_put_bucket_lifecycle", "_delete_bucket_lifecycle"),
    "OwnershipControls": ("_put_bucket_ownership_controls", "_delete_bucket_ownership_controls"),
}


@behaviour(
    call="cloudformation:AWS::S3::Bucket",
    expected="encryption, lifecycle, ownership controls, versioning and tags take effect",
    source="AWS CloudFormation User Guide, AWS::S3::Bucket",
    test=f"{_TEST}::test_a_buckets_configurations_take_effect",
)
def _configuring(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def create(logical_id: str, properties: _Properties, stack_name: str) -> _Made:
        made = old(logical_id, properties, stack_name)
        _configure(made[0], {}, properties)
        return made

    return create


def _reconfiguring(old: Callable[..., _Made]) -> Callable[..., _Made]:
    def update(physical_id: str, before: _Properties, properties: _Properties, stack_name: str) -> _Made:
        made = old(physical_id, before, properties, stack_name)
        _configure(made[0], before, properties)
        return made

    return update


def _configure(name: str, before: _Properties, properties: _Properties) -> None:
    s3 = part(_S3)
    for configuration, (put, delete) in _OPERATIONS.items():
        wanted = properties.get(configuration)
        if wanted:
            _checked(getattr(s3, put)(name, tostring(_XML[configuration](wanted))))
        elif before.get(configuration):
            _checked(getattr(s3, delete)(name))
    if (properties.get("VersioningConfiguration") or {}).get("Status") == "Suspended" or (
        before.get("VersioningConfiguration") and not properties.get("VersioningConfiguration")
    ):
        s3._bucket_versioning[name] = "Suspended"
    s3._bucket_tags[name] = part(_PROVISIONERS)._tag_map(properties.get("Tags"))


@behaviour(
    call="cloudformation:AWS::S3::Bucket",
    expected="a bucket with objects is not deleted: 'The bucket you tried to delete is not empty'",
    source="AWS CloudFormation User Guide, AWS::S3::Bucket; kept in many public stack events",
    test=f"{_TEST}::test_a_bucket_with_objects_is_not_deleted",
)
def _delete(physical_id: str, properties: _Properties) -> None:  # noqa: ARG001 - the base's signature
    if physical_id in part(_S3)._buckets:
        _checked(part(_S3)._delete_bucket(physical_id))


@behaviour(
    call="cloudformation:AWS::S3::BucketPolicy",
    expected="the bucket must be the account's own, and the policy is checked as PutBucketPolicy checks it",
    source="AWS CloudFormation User Guide, AWS::S3::BucketPolicy",
    test=f"{_TEST}::test_a_bucket_policy_needs_its_bucket",
)
def _put_policy(logical_id: str, properties: _Properties, stack_name: str) -> _Made:  # noqa: ARG001 - likewise
    name, document = properties.get("Bucket", ""), properties.get("PolicyDocument") or {}
    text = document if isinstance(document, str) else json.dumps(document)
    _checked(part(_S3)._put_bucket_policy(name, text.encode()))
    return str(name), {}


def _update_policy(physical_id: str, before: _Properties, properties: _Properties, stack_name: str) -> _Made:  # noqa: ARG001
    """Write the policy; another bucket is another resource, and the old one is cleaned up."""
    return _put_policy(physical_id, properties, stack_name)


def _delete_policy(physical_id: str, properties: _Properties) -> None:  # noqa: ARG001 - likewise
    if physical_id in part(_S3)._buckets:
        _checked(part(_S3)._delete_bucket_policy(physical_id))


def _checked(answer: _Answer) -> None:
    if answer[0] >= 400:  # HTTP's errors
        raise BucketRefusedError(answer[0], answer[2])


def _encryption(wanted: _Properties) -> Element:
    root = Element("ServerSideEncryptionConfiguration")
    for told in wanted["ServerSideEncryptionConfiguration"]:
        rule = SubElement(root, "Rule")
        default = told.get("ServerSideEncryptionByDefault") or {}
        _fill(SubElement(rule, "ApplyServerSideEncryptionByDefault"), default)
        if "BucketKeyEnabled" in told:
            SubElement(rule, "BucketKeyEnabled").text = str(told["BucketKeyEnabled"]).lower()
    return root


def _ownership(wanted: _Properties) -> Element:
    root = Element("OwnershipControls")
    for told in wanted["Rules"]:
        _fill(SubElement(root, "Rule"), told)
    return root


def _lifecycle(wanted: _Properties) -> Element:
    root = Element("LifecycleConfiguration")
    for told in wanted["Rules"]:
        rule = SubElement(root, "Rule")
        if told.get("Id"):
            SubElement(rule, "ID").text = str(told["Id"])
        SubElement(rule, "Status").text = str(told["Status"])
        _filter(SubElement(rule, "Filter"), told)
        for name, content in _actions(told):
            _fill(SubElement(rule, name), content)
    return root


def _filter(place: Element, told: _Properties) -> None:
    tags = told.get("TagFilters") or []
    if len(tags) + ("Prefix" in told) > 1:
        place = SubElement(place, "And")
    if told.get("Prefix"):
        SubElement(place, "Prefix").text = str(told["Prefix"])
    for tag in tags:
        _fill(SubElement(place, "Tag"), tag)


def _actions(told: _Properties) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a rule of a template does, in the names of S3's API."""
    expiry = {"Days": told.get("ExpirationInDays"), "Date": told.get("ExpirationDate")}
    expiry["ExpiredObjectDeleteMarker"] = told.get("ExpiredObjectDeleteMarker")
    if any(value is not None for value in expiry.values()):
        yield "Expiration", expiry
    for transition in told.get("Transitions") or []:
        days = {"Days": transition.get("TransitionInDays"), "Date": transition.get("TransitionDate")}
        yield "Transition", {**days, "StorageClass": transition["StorageClass"]}
    if told.get("NoncurrentVersionExpirationInDays") is not None:
        yield "NoncurrentVersionExpiration", {"NoncurrentDays": told["NoncurrentVersionExpirationInDays"]}
    for name in ("NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload"):
        if told.get(name):
            yield name, told[name]
    for transition in told.get("NoncurrentVersionTransitions") or []:
        days = {"NoncurrentDays": transition.get("TransitionInDays")}
        yield "NoncurrentVersionTransition", {**days, "StorageClass": transition["StorageClass"]}


def _fill(place: Element, content: Mapping[str, Any]) -> None:
    for name, value in content.items():
        if value is not None:
            SubElement(place, name).text = str(value).lower() if isinstance(value, bool) else str(value)


_XML: Mapping[str, Callable[[_Properties], Element]] = {
    "BucketEncryption": _encryption,
    "LifecycleConfiguration": _lifecycle,
    "OwnershipControls": _ownership,
}
