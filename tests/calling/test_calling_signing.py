"""A request is signed for execute-api, headers and body with it; what nobody may see stays out of everything printed."""

import hashlib
import hmac
import re

import pytest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from provider.calling.addresses import ApiAddress
from provider.calling.errors import NoSuchHeader
from provider.calling.signing import HIDDEN, ApiRequest, censored, header, secrets_of, signed

CREDENTIALS = ReadOnlyCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "t0ken+with/signs==")
ADDRESS = ApiAddress.of("https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders?b=2&a=1")
REQUEST = ApiRequest(ADDRESS, "POST", {"Content-Type": "application/json"}, b'{"item": "tea"}')


def key(secret: str, date: str, region: str) -> bytes:
    """The signing key, as the documentation of Signature Version 4 derives it."""
    made = f"AWS4{secret}".encode()
    for part in (date, region, "execute-api", "aws4_request"):
        made = hmac.new(made, part.encode(), hashlib.sha256).digest()
    return made


def test_the_signature_is_the_one_of_the_documentation() -> None:
    """Computed here once more, over method, path, sorted query, headers and body."""
    sent = signed(REQUEST, CREDENTIALS, "eu-central-1").headers
    parts = dict(re.findall(r"(\w+)=([^, ]+)", sent["Authorization"]))
    scope = parts["Credential"].partition("/")[2]
    assert scope.endswith("/eu-central-1/execute-api/aws4_request")
    values = {name.lower(): value for name, value in sent.items()} | {"host": ADDRESS.host}
    names = parts["SignedHeaders"].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token", "content-type"} <= set(names)
    headers = "".join(f"{name}:{values[name]}\n" for name in names)
    body = hashlib.sha256(REQUEST.body).hexdigest()
    canonical = f"POST\n/prod/orders\na=1&b=2\n{headers}\n{parts['SignedHeaders']}\n{body}"
    text = f"AWS4-HMAC-SHA256\n{values['x-amz-date']}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    made = key(CREDENTIALS.secret_key, values["x-amz-date"][:8], "eu-central-1")
    assert parts["Signature"] == hmac.new(made, text.encode(), hashlib.sha256).hexdigest()


def test_signing_leaves_what_is_asked_as_it_was() -> None:
    sent = signed(REQUEST, CREDENTIALS, "eu-central-1")
    assert (sent.address, sent.method, sent.body) == (REQUEST.address, REQUEST.method, REQUEST.body)
    assert sent.headers["Content-Type"] == "application/json"
    assert "Authorization" not in REQUEST.headers


@pytest.mark.parametrize(
    ("name", "value", "is_signed", "words"),
    [
        ("", "x", True, "no name of a header"),
        ("a b", "x", True, "no name of a header"),
        ("X-Ü", "x", True, "no name of a header"),
        ("X-A", "line\nX-B: y", True, "printable ASCII"),
        ("X-A", "é", True, "printable ASCII"),
        ("Host", "example.com", True, "Change the URL"),
        ("host", "example.com", False, "Change the URL"),
        ("authorization", "Bearer secret-token", True, "--unsigned"),
    ],
)
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(
    name: str, value: str, is_signed: bool, words: str
) -> None:
    with pytest.raises(NoSuchHeader, match=re.escape(words)) as refused:
        header(name, value, signed=is_signed)
    assert value not in str(refused.value) or value == "x"


def test_an_unsigned_request_may_have_an_authorization_of_its_own() -> None:
    assert header("Authorization", "Bearer token", signed=False) == ("Authorization", "Bearer token")


def test_a_request_shows_neither_headers_nor_body() -> None:
    """Nor do credentials' secrets leave it by its name."""
    sent = signed(REQUEST, CREDENTIALS, "eu-central-1")
    assert "Signature" not in repr(sent)
    assert "tea" not in repr(sent)
    assert sent.secrets >= {sent.headers["Authorization"], CREDENTIALS.token}
    assert secrets_of(CREDENTIALS) == {CREDENTIALS.access_key, CREDENTIALS.secret_key, CREDENTIALS.token}
    assert secrets_of(ReadOnlyCredentials("AKIDEXAMPLE", "secret", None)) == {"AKIDEXAMPLE", "secret"}


@pytest.mark.parametrize(
    "text",
    [
        "The request signature we calculated … 'POST\n/\n\nhost:x\nx-amz-security-token:{token}\n\nhost\n…'",
        "… not a valid key=value pair: 'AWS4-HMAC-SHA256 Credential={key}/x, SignedHeaders=host, Signature=0123abcd'.",
        '{{"headers": {{"X-Amz-Security-Token": "{token}", "Authorization": "Signature=0123abcd"}}}}',
        "https://x/?X-Amz-Security-Token=elsewhere&X-Amz-Signature=0123abcd",
    ],
)
def test_an_answer_that_quotes_the_request_shows_no_secret_of_it(text: str) -> None:
    """AWS's own answers about signatures do."""
    quoted = text.format(token=CREDENTIALS.token, key=CREDENTIALS.access_key)
    shown = censored(quoted, secrets_of(CREDENTIALS))
    assert HIDDEN in shown
    for secret in (CREDENTIALS.token, CREDENTIALS.access_key, "0123abcd", "elsewhere"):
        assert secret not in shown


def test_of_secrets_that_begin_alike_the_longest_is_hidden_first() -> None:
    """Or its rest would show."""
    assert censored("a secret-of-mine here", {"secret", "secret-of-mine"}) == f"a {HIDDEN} here"


@given(st.text(max_size=40), st.text(max_size=40), st.sets(st.text(min_size=6, max_size=12), max_size=4))
def test_no_secret_is_left_in_any_text(before: str, after: str, secrets: set[str]) -> None:
    """Whatever stands around it, the longest first, so that none shows its rest."""
    text = before + "".join(sorted(secrets)) + after
    shown = censored(text, secrets).replace(HIDDEN, "")
    assert not any(len(secret) > len(HIDDEN) and secret in shown for secret in secrets)
