"""The administrators' keys, and the files that make the ordinary AWS CLI and curl talk to the local cloud."""

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

CONFIG, CREDENTIALS, CURL = "config", "credentials", ".curlrc"
"""Names of the files; curl looks for its own in the directory that CURL_HOME names."""


def keys(accounts: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Make an access key id and a secret, of AWS's form, for the administrator of each account (12-digit id)."""
    return {account: (f"AKIALOCL{account}", secrets.token_urlsafe(30)) for account in accounts}


def write(
    directory: Path,
    accounts: Mapping[str, str],
    administrators: Mapping[str, tuple[str, str]],
    region: str,
    endpoint: str,
) -> None:
    """Write both files into `directory`, with a profile per account (name to 12-digit id)."""
    (directory / CONFIG).write_text(
        "\n".join(f"[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\n" for name in accounts)
    )
    credentials = directory / CREDENTIALS
    credentials.touch(mode=0o600)
    credentials.write_text("\n".join(_section(name, *administrators[account]) for name, account in accounts.items()))


def write_curl(directory: Path, authority: str, tls_port: int) -> None:
    """Write curl's file into `directory`: whatever host an https URL names, it is the cloud that answers."""
    told = {"connect-to": f":443:127.0.0.1:{tls_port}", "cacert": authority, "noproxy": "*"}
    (directory / CURL).write_text("".join(f'{name} = "{value}"\n' for name, value in told.items()))


def _section(name: str, key: str, secret: str) -> str:
    return f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
