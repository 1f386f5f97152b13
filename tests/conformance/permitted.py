"""What a run may do in somebody's accounts: read, make what it can take away again, and change what it has made.

Tests name what they change by names that nothing else has; what concerns a whole account or the organization has no place here, whatever a
test asks for.
"""

from not_on_aws import NotOnAws
from undoing import MADE_BY

_READS = ("BatchGet", "Describe", "Filter", "Get", "Head", "List", "Query", "Scan", "Select", "TransactGet", "Validate")
_CHANGES = {
    "apigateway": "CreateAuthorizer CreateDeployment CreateStage DeleteRestApi FlushStageAuthorizersCache PutIntegration "
    "PutIntegrationResponse PutMethod PutMethodResponse TagResource UntagResource UpdateRestApi UpdateStage",
    "apigatewayv2": "CreateAuthorizer CreateDeployment CreateIntegration CreateRoute CreateStage ResetAuthorizersCache TagResource "
    "UntagResource UpdateRoute UpdateStage",
    "cloudformation": "CancelUpdateStack ContinueUpdateRollback DeleteChangeSet DeleteStack ExecuteChangeSet RollbackStack UpdateStack "
    "UpdateTerminationProtection",
    "cloudwatch": "SetAlarmState",
    "cognito-idp": "AdminCreateUser AdminInitiateAuth AdminSetUserPassword CreateUserPoolClient",
    "dynamodb": "BatchWriteItem DeleteItem ExecuteStatement PutItem PutResourcePolicy TransactWriteItems UpdateItem UpdateTable",
    "events": "PutEvents PutTargets",
    "iam": "CreateAccessKey DeleteRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy PutUserPolicy UpdateAssumeRolePolicy",
    "lambda": "AddPermission CreateAlias DeleteAlias DeleteEventSourceMapping DeleteFunction DeleteResourcePolicy Invoke PublishVersion PutResourcePolicy "
    "RemovePermission TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionConfiguration",
    "logs": "CreateLogStream DeleteLogGroup DeleteLogStream PutLogEvents",
    "s3": "CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject PutBucketPolicy PutObject UploadPart",
    "sns": "Publish Subscribe",
    "sqs": "ReceiveMessage SendMessage SetQueueAttributes",
    "sts": "AssumeRole AssumeRoleWithWebIdentity",
    # How botocore renews the credentials of a profile.
    "signin": "CreateOAuth2Token",
    "sso-oidc": "CreateToken",
}


def is_read(operation: str) -> bool:
    """Whether an operation (`service.Operation`) changes nothing."""
    return operation.partition(".")[2].startswith(_READS)


def check(operation: str) -> None:
    """Let an operation pass.

    Raises:
        NotOnAws: it may change what the run has not made, or make what it could not take away.
    """
    service, _, name = operation.partition(".")
    if not (is_read(operation) or operation in MADE_BY or name in _CHANGES.get(service, "").split()):
        raise NotOnAws(f"calls {service}:{name}, which the run does not do in anybody's account")
