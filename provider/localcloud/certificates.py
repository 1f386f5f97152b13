"""A certificate authority of the local cloud's own, and one certificate for AWS's host names."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from boto3.session import Session

# A wildcard covers one label, so each depth at which AWS names hosts needs its own.
_PER_REGION = (
    "*.{region}.{suffix}",
    "*.s3.{region}.{suffix}",
    "*.s3-{region}.{suffix}",
    "*.s3.dualstack.{region}.{suffix}",
    "*.ddb.{region}.{suffix}",
    "*.dynamodb.{region}.{suffix}",
    "*.execute-api.{region}.{suffix}",
    "*.execute-api.{region}.vpce.{suffix}",
)
_GLOBAL = ("*.{suffix}", "*.s3.{suffix}")
_SUFFIXES = {"aws": "amazonaws.com", "aws-cn": "amazonaws.com.cn"}


@dataclass(frozen=True, slots=True)
class Certificates:
    """Paths of the authority's certificate (for clients) and of the server's certificate and key."""

    authority: Path
    chain: Path
    key: Path


def write(directory: Path) -> Certificates:
    """Make an authority and a server certificate and write them into `directory`."""
    authority = trustme.CA(organization_name="local cloud", key_type=trustme.KeyType.ECDSA)
    server = authority.issue_cert(*_names(), key_type=trustme.KeyType.ECDSA)
    paths = Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    authority.cert_pem.write_to_path(paths.authority)
    paths.chain.unlink(missing_ok=True)
    for blob in server.cert_chain_pems:
        blob.write_to_path(paths.chain, append=True)
    server.private_key_pem.write_to_path(paths.key)
    paths.key.chmod(0o600)
    return paths


def _names() -> list[str]:
    names = ["localhost", "127.0.0.1"]
    for partition, suffix in _SUFFIXES.items():
        names += [form.format(suffix=suffix) for form in _GLOBAL]
        for region in Session().get_available_regions("lambda", partition_name=partition):
            names += [form.format(region=region, suffix=suffix) for form in _PER_REGION]
    return names
