"""ResponseURLs have AWS's form, and only their holder can answer."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from provider.localcloud import response_urls

STACK = "arn:aws:cloudformation:eu-west-1:111111111111:stack/my/12345678-1234-1234-1234-123456789012"


def _issue(region: str = "eu-west-1") -> tuple[str, list[bytes]]:
    taken: list[bytes] = []
    url = response_urls.issue(region=region, stack=STACK, logical="Thing", request="r-1", deliver=taken.append)
    return url, taken


def _put(url: str, **changed: str) -> int:
    place = urlsplit(url)
    parts = {"host": place.netloc, "path": place.path, "query": place.query, **changed}
    return response_urls.put(parts["host"], parts["path"], parts["query"], b"answer")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-east-1", "cloudformation-custom-resource-response-useast1.s3.amazonaws.com"),
        ("eu-west-1", "cloudformation-custom-resource-response-euwest1.s3.eu-west-1.amazonaws.com"),
        ("cn-north-1", "cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_host_is_the_regions_bucket(region: str, host: str) -> None:
    """The Region is in the bucket's name without its dashes."""
    assert urlsplit(_issue(region)[0]).netloc == host


def test_the_url_is_presigned() -> None:
    """Stack, logical id and request are the key; time and validity stand in the query."""
    place = urlsplit(_issue()[0])
    query = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert unquote(place.path) == f"/{STACK}|Thing|r-1"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Expires"] == "7200"
    assert len(query["X-Amz-Date"]) == len("20261121T031800Z")
    assert len(query["X-Amz-Signature"]) == 64


def test_an_answer_is_delivered() -> None:
    """Whoever holds the URL may answer, and again."""
    url, taken = _issue()
    assert [_put(url), _put(url)] == [200, 200]
    assert taken == [b"answer", b"answer"]


@pytest.mark.parametrize("changed", [{"query": "X-Amz-Signature=00"}, {"query": ""}, {"path": "/other"}])
def test_another_url_is_refused(changed: dict[str, str]) -> None:
    """Without the signature, or for another key, nothing is delivered."""
    url, taken = _issue()
    assert _put(url, **changed) == 403
    assert taken == []


def test_an_expired_url_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two hours the URL is worth nothing."""
    url, taken = _issue()
    now = response_urls.time.time()
    monkeypatch.setattr(response_urls.time, "time", lambda: now + 7201)
    assert _put(url) == 403
    assert taken == []


def test_a_withdrawn_url_delivers_nothing() -> None:
    """An answer that comes too late is taken and not heard."""
    url, taken = _issue()
    response_urls.withdraw(url)
    assert _put(url) == 200
    assert taken == []
