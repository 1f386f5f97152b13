"""Example of both sides in CDK: the owner's token service, and a consumer's API whose authorizer it is.

pip install 'cross-account-permission[cdk]'
cdk deploy TokenService --profile owner --context consumer=111111111111
cdk deploy Orders --profile consumer --context target=333333333333/token-service
"""

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Stack, Tags
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from provider.cdk.constructs import CrossAccountPermission, CrossAccountTarget

AUTHORIZER = '''"""Lets a caller through who shows the demonstration's token."""


def handler(event, context):
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if headers.get("authorization") != "Bearer demo-token":
        raise Exception("Unauthorized")  # API Gateway's word for 401
    api, stage = event["methodArn"].split("/")[:2]
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": f"{api}/{stage}/*"}
    return {"principalId": "demo-user", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
'''


class TokenService(Stack):
    """The owner's: a Lambda authorizer, its alias `live`, and the alias published for the consumer's account."""

    def __init__(self, scope: Construct, name: str, *, consumer: str, synthesizer: DefaultStackSynthesizer) -> None:
        super().__init__(scope, name, synthesizer=synthesizer, analytics_reporting=False)
        function = lambda_.Function(
            self,
            "TokenFunction",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(AUTHORIZER),
        )
        # The owner's consent to changes of this function's resource policy; without it nothing can be granted on it.
        Tags.of(function).add("CrossAccountPermission", "allowed")
        live = lambda_.Alias(self, "Live", alias_name="live", version=function.current_version)
        target = CrossAccountTarget(
            self,
            "TokenServiceTarget",
            name="token-service",
            function_arn=live.function_arn,
            allowed_grant_types=["Authorizer"],
            allowed_accounts=[consumer],
        )
        CfnOutput(self, "TargetName", value=target.target_name, description="What consumers give as target.")


class Orders(Stack):
    """The consumer's: a REST API, the permission for its authorizer, and the authorizer, in this order."""

    def __init__(self, scope: Construct, name: str, *, target: str, synthesizer: DefaultStackSynthesizer) -> None:
        super().__init__(scope, name, synthesizer=synthesizer, analytics_reporting=False)
        api = apigateway.RestApi(
            self,
            "OrdersApi",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            deploy_options=apigateway.StageOptions(stage_name="live"),
        )
        permission = CrossAccountPermission(
            self, "OrdersAuthorizerPermission", target=target, grant_type="Authorizer", api_id=api.rest_api_id
        )
        authorizer = apigateway.CfnAuthorizer(
            self,
            "OrdersAuthorizer",
            name="token-service",
            rest_api_id=api.rest_api_id,
            type="REQUEST",
            identity_source="method.request.header.Authorization",
            authorizer_uri=permission.authorizer_uri,
        )
        method = api.root.add_resource("orders").add_method(
            "GET",
            apigateway.MockIntegration(
                request_templates={"application/json": '{"statusCode": 200}'},
                integration_responses=[
                    apigateway.IntegrationResponse(
                        status_code="200",
                        response_templates={"application/json": '{"orders": [{"id": "1", "item": "tea"}]}'},
                    )
                ],
            ),
            method_responses=[apigateway.MethodResponse(status_code="200")],
        )
        definition = method.node.default_child
        definition.add_property_override("AuthorizationType", "CUSTOM")
        definition.add_property_override("AuthorizerId", authorizer.ref)
        CfnOutput(self, "OrdersUrl", value=api.url_for_path("/orders"), description="Where the orders are.")
        CfnOutput(
            self, "GrantId", value=permission.grant_id, description="By which the centre's records name the grant."
        )


def main() -> None:
    """Make both stacks; each is deployed in its own account."""
    app = App()
    consumer = app.node.try_get_context("consumer") or "111111111111"
    target = app.node.try_get_context("target") or "333333333333/token-service"
    # No assets, so the stacks need no bootstrapped account either.
    TokenService(app, "TokenService", consumer=consumer, synthesizer=_unbootstrapped())
    Orders(app, "Orders", target=target, synthesizer=_unbootstrapped())
    app.synth()


def _unbootstrapped() -> DefaultStackSynthesizer:
    return DefaultStackSynthesizer(generate_bootstrap_version_rule=False)


if __name__ == "__main__":
    main()
