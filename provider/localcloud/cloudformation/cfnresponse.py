"""The `cfnresponse` module that AWS puts beside inline Python code: one call that answers a custom resource's event."""

import json
import urllib.request
from typing import Any

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(  # noqa: PLR0913, PLR0917 - names and order are AWS's
    event: Any,
    context: Any,
    responseStatus: str,  # noqa: N803 - likewise
    responseData: Any,  # noqa: N803
    physicalResourceId: Any = None,  # noqa: N803
    noEcho: bool = False,  # noqa: N803
    reason: Any = None,
) -> None:
    """Answer `event`; the id is the log stream's name unless told, which differs between environments."""
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(  # noqa: S310 - CloudFormation's own URL
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT", headers={"Content-Type": ""}
    )
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310 - likewise
            print("Status code:", response.status)  # noqa: T201 - goes to the function's log
    except OSError as error:
        print("send(..) failed executing request:", error)  # noqa: T201
