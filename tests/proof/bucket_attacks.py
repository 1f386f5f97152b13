"""Attacks on the bucket that shares the code."""

from typing import Any

from attack import Attack


def _object(operation: str, what: str, who: str, key: str, **more: Any) -> Attack:
    return Attack(
        what,
        who,
        "s3",
        operation,
        lambda things: {"Bucket": things["bucket"], **({"Key": things.get(key, key)} if key else {}), **more},
    )


ON_THE_BUCKET = (
    _object("get_object", "a stranger reads the provider", "administrator of stranger", "provider"),
    _object("get_object", "a stranger reads a template", "administrator of stranger", "templates"),
    _object("get_object", "a member reads the controller", "administrator of consumer", "controller"),
    _object("list_objects_v2", "a member lists the bucket", "administrator of consumer", ""),
    _object(
        "put_object",
        "a member adds a template",
        "administrator of consumer",
        "templates/x.yaml",
        Body=b"",
        IfNoneMatch="*",
    ),
    _object("put_object", "somebody overwrites a template", "administrator of central", "templates", Body=b""),
    _object("put_object", "somebody overwrites the provider", "administrator of central", "provider", Body=b""),
    _object("delete_object", "somebody deletes the provider", "administrator of central", "provider"),
    _object("delete_object", "somebody deletes a version", "administrator of central", "provider", VersionId="null"),
)
