"""An answer goes to CloudFormation's own response host, under the event's own name, or nowhere."""

from typing import Any
from urllib.parse import quote

import pytest
from function_twins import HOST, REQUEST, SIGNATURE, STACK, direct_event, response_url
from hypothesis import given
from hypothesis import strategies as st

from provider.function.addresses import address_of
from provider.function.failures import ResponseAddressRefused

BUCKET = "cloudformation-custom-resource-response-"
PATH = quote(f"{STACK}|OrdersAuthorizerPermission|{REQUEST}", safe="")


def with_url(url: Any) -> dict[str, Any]:
    """An event with that ResponseURL."""
    return {**direct_event(), "ResponseURL": url}


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", f"{BUCKET}useast1.s3.us-east-1.amazonaws.com"),
        ("us-east-1", f"{BUCKET}useast1.s3.amazonaws.com"),
        ("us-east-1", f"{BUCKET}useast1.s3-us-east-1.amazonaws.com"),
        ("eu-west-1", f"{BUCKET}euwest1.s3.eu-west-1.amazonaws.com"),
        ("eu-west-1", f"{BUCKET}euwest1.s3-eu-west-1.amazonaws.com"),
        ("us-gov-west-1", f"{BUCKET}usgovwest1.s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", f"{BUCKET}cnnorth1.s3.cn-north-1.amazonaws.com.cn"),
        ("eu-west-1", f"{BUCKET}euwest1.s3.eu-west-1.amazonaws.com:443"),
    ],
)
def test_every_form_of_the_region_s_response_host_is_answered(region: str, host: str) -> None:
    """The forms are those of `docs/aws-behaviour.md` §5; 443 is the port without saying."""
    address = address_of(with_url(f"https://{host}/{PATH}?X-Amz-Signature=s"), region)
    assert (address.host, address.target) == (host.removesuffix(":443"), f"/{PATH}?X-Amz-Signature=s")


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/{PATH}",
        f"//{HOST}/{PATH}",
        f"ftp://{HOST}/{PATH}",
        f"https://user@{HOST}/{PATH}",
        f"https://user:word@{HOST}/{PATH}",
        f"https://@{HOST}/{PATH}",
        f"https://{HOST}:8443/{PATH}",
        f"https://{HOST}:/{PATH}",
        f"https://{HOST}:0443/{PATH}",
        f"https://{HOST}./{PATH}",
        f"https://{HOST.upper()}/{PATH}",
        f"https://{HOST}.evil.example/{PATH}",
        f"https://evil.example/{PATH}",
        f"https://evil.example#{HOST}/{PATH}",
        f"https://evil.example\\@{HOST}/{PATH}",
        f"https://{HOST}%2eevil.example/{PATH}",
        f"https://evil-{HOST}/{PATH}",
        f"https://{BUCKET}useast1.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://{BUCKET}euwest1.s3.eu-west-1.amazonaws.com/{PATH}",
        f"https://{BUCKET}useast1.s3.us-east-1.amazonaws.com.cn/{PATH}",
        f"https://127.0.0.1/{PATH}",
        f"https://[::1]/{PATH}",
        f"https://[::1/{PATH}",
        f"https://{HOST}",
        f"https://{HOST}/",
        f"https://{HOST}/{PATH}/",
        f"https://{HOST}//{PATH}",
        f"https://{HOST}/{PATH}#fragment",
        f"https://{HOST}/{quote(PATH)}",
        f"https://{HOST}/x/../{PATH}",
        f"https://{HOST}/{PATH};x",
        f"https://{HOST}/{PATH} ",
        f" https://{HOST}/{PATH}",
        f"https://{HOST}/{PATH}\n",
        f"https://{HOST}/{PATH}?a=\r\nHost:evil",
        f"https://{HOST}/{PATH}?a=é",
        f"https://{HOST}/{PATH.replace(REQUEST, 'another')}",
        f"https://{HOST}/{PATH.replace('111111111111', '333333333333')}",
        "",
        None,
        7,
        ["https://"],
    ],
)
def test_any_other_url_is_refused_without_being_quoted(url: Any) -> None:
    """A forged ResponseURL leads nowhere, and the refusal does not repeat it."""
    with pytest.raises(ResponseAddressRefused) as refused:
        address_of(with_url(url), "us-east-1")
    assert not isinstance(url, str) or len(url) < 20 or url not in str(refused.value)
    assert refused.value.__cause__ is None


def test_only_us_east_1_has_a_host_without_a_region() -> None:
    """Elsewhere that name would be another's to take."""
    with pytest.raises(ResponseAddressRefused):
        address_of(with_url(f"https://{BUCKET}euwest1.s3.amazonaws.com/{PATH}"), "eu-west-1")


@pytest.mark.parametrize("key", ["StackId", "LogicalResourceId", "RequestId"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"]])
def test_an_event_without_its_names_has_no_address(key: str, value: Any) -> None:
    """A path of missing names cannot stand for them."""
    event = {**direct_event(), key: value}
    names = [event[name] for name in ("StackId", "LogicalResourceId", "RequestId")]
    said = "|".join(map(str, names))
    left_out = "|".join(name if isinstance(name, str) else "" for name in names)
    for path in (PATH, quote(said, safe=""), quote(left_out, safe="")):
        with pytest.raises(ResponseAddressRefused):
            address_of({**event, "ResponseURL": f"https://{HOST}/{path}"}, "us-east-1")


@pytest.mark.parametrize(
    ("query", "issued_at"),
    [
        ("X-Amz-Date=20261121T031800Z", "20261121T031800Z"),
        ("a=b&X-Amz-Date=20261121T031800Z&c=d", "20261121T031800Z"),
        ("AWSAccessKeyId=x&Expires=1795231080&Signature=s", None),
        ("X-Amz-Date=2026-11-21T03:18:00Z", None),
        ("X-Amz-Date=20261121T031800Z%0A", None),
        ("X-Amz-Date=20269921T031800Z", None),
        ("X-Amz-Date=%EF%BC%920261121T031800Z", None),
        ("X-Amz-Date=20261121T031800Z&X-Amz-Date=20271121T031800Z", None),
        ("", None),
    ],
)
def test_the_time_of_an_event_is_the_url_s_one_well_formed_date(query: str, issued_at: str | None) -> None:
    """Whatever is not the stamp of a moment is as good as none; %EF%BC%92 is a digit of another script."""
    assert address_of(with_url(f"https://{HOST}/{PATH}?{query}"), "us-east-1").issued_at == issued_at


def test_an_address_does_not_show_its_signature() -> None:
    """The URL is a credential, also in a debugger's or a logger's view of it."""
    event = direct_event()
    address = address_of({**event, "ResponseURL": response_url(event)}, "us-east-1")
    assert SIGNATURE in address.target
    assert SIGNATURE not in f"{address!r} {address}"


@given(st.text(max_size=60))
def test_no_text_beside_the_host_opens_another_door(text: str) -> None:
    """Whatever is put before, into or behind the host: it is refused, or the host is still CloudFormation's."""
    for url in (f"https://{text}{HOST}/{PATH}", f"https://{HOST}{text}/{PATH}", f"{text}://{HOST}/{PATH}"):
        try:
            address = address_of(with_url(url), "us-east-1")
        except ResponseAddressRefused:
            continue
        assert address.host == HOST
