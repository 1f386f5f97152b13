"""Who may read which stream of a table."""

import pytest
from identities import a_name, allow, refused, someone

from provider.localcloud import LocalCloud


@pytest.fixture
def stream(cloud: LocalCloud) -> str:
    made = cloud.client("dynamodb", "consumer").create_table(
        TableName=a_name("t"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return str(made["TableDescription"]["LatestStreamArn"])


def test_a_stream_is_a_resource_of_its_own(cloud: LocalCloud, stream: str) -> None:
    """Whoever may read one may not read another; an iterator belongs to its stream."""
    actions = ["dynamodb:DescribeStream", "dynamodb:GetShardIterator", "dynamodb:GetRecords"]
    mine = someone(cloud, "consumer", allow(actions, stream)).client("dynamodbstreams")
    other = someone(cloud, "consumer", allow(actions, f"{stream}-another")).client("dynamodbstreams")
    shard = mine.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    begin = {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = mine.get_shard_iterator(**begin)["ShardIterator"]
    assert mine.get_records(ShardIterator=iterator)["Records"] == []
    for call, arguments in (
        (other.describe_stream, {"StreamArn": stream}),
        (other.get_shard_iterator, begin),
        (other.get_records, {"ShardIterator": iterator}),
    ):
        with refused("AccessDeniedException", stream):
            call(**arguments)
