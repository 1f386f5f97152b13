"""What holds for every template: clean under the linter, described, constrained, neutral about partitions."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from template_documents import ALL, FOLDER, PARTS, ROOT, load, text_values

ORGANIZATION = r"o-[a-z0-9]{10,32}"
ARN = re.compile(r"\barn:")
NEUTRAL = re.compile(r"\barn:\$\{AWS::Partition\}:")


def test_the_linter_finds_nothing() -> None:
    """Not even informational findings, and with no configuration that would hide any."""
    paths = [str(FOLDER / name) for name in ALL]
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--format", "json", "--template", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    findings = json.loads(run.stdout or "[]")
    said = [(f["Filename"], f["Location"]["Start"]["LineNumber"], f["Rule"]["Id"], f["Message"]) for f in findings]
    assert (run.returncode, said, run.stderr) == (0, [], "")


def test_nothing_is_hidden_from_the_linter() -> None:
    """No configuration file switches rules off for all templates; where one must be, it stands on its resource."""
    assert [path.name for path in ROOT.glob(".cfnlint*")] == []
    assert [name for name in ALL if "cfn-lint" in load(name).get("Metadata", {})] == []


def test_every_template_is_listed() -> None:
    """A new template comes under these tests."""
    found = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml")}
    assert found == set(ALL)


@pytest.mark.parametrize("name", ALL)
def test_a_template_fits_into_one_request(name: str) -> None:
    """51,200 bytes is what CloudFormation takes as TemplateBody; beyond it a template needs a bucket."""
    assert len((FOLDER / name).read_bytes()) < 51_200


@pytest.mark.parametrize("name", ALL)
def test_a_template_its_parameters_and_its_outputs_are_described(name: str) -> None:
    """Who deploys reads the descriptions, not the file."""
    template = load(name)
    silent = [
        f"{section}.{key}"
        for section in ("Parameters", "Outputs")
        for key, value in template[section].items()
        if not value.get("Description", "").endswith(".")
    ]
    assert (silent, template["Description"].endswith(".")) == ([], True)


@pytest.mark.parametrize("name", ALL)
def test_every_parameter_is_constrained_and_says_how(name: str) -> None:
    """A wrong value is refused before anything is made, in words."""
    loose = [
        key
        for key, value in load(name)["Parameters"].items()
        if not ({"AllowedPattern", "AllowedValues"} & value.keys())
        or not value.get("ConstraintDescription", "").startswith("must ")
    ]
    assert loose == []


@pytest.mark.parametrize("name", PARTS)
def test_what_opens_doors_to_an_organization_has_no_default(name: str) -> None:
    """An organization is always given, and a central account always named."""
    parameters = load(name)["Parameters"]
    required = {"OrganizationId", "CentralAccountId", "ProviderKey", "ControllerKey", "HomeRegion"} & parameters.keys()
    assert [key for key in required if "Default" in parameters[key]] == []


@pytest.mark.parametrize("name", ALL)
def test_every_arn_leaves_the_partition_to_aws(name: str) -> None:
    """The same template serves China and GovCloud."""
    template = load(name)
    texts = [
        (path, text)
        for section in ("Resources", "Outputs", "Conditions")
        for path, text in text_values(template.get(section, {}))
        if path[-1] not in {"Description", "ZipFile", "InlineCode"}
    ]
    bound = [(path, text) for path, text in texts if len(ARN.findall(text)) != len(NEUTRAL.findall(text))]
    assert bound == []


def matches(name: str, parameter: str, value: str) -> bool:
    """Whether CloudFormation takes the value: the pattern must match the whole of it."""
    return re.fullmatch(load(name)["Parameters"][parameter]["AllowedPattern"], value) is not None


@pytest.mark.parametrize("name", ["artifacts.yaml", "central.yaml"])
@pytest.mark.parametrize("value", ["", "o-", "o-short", "o-LOCALCLOUD", "o-a1b2c3d4e5\n", "*", "o-*", "o-" + "a" * 33])
def test_what_is_no_organization_is_refused(name: str, value: str) -> None:
    """An empty organization id must never come to mean everybody."""
    assert not matches(name, "OrganizationId", value)


@pytest.mark.parametrize(
    ("name", "parameter", "taken", "refused"),
    [
        ("artifacts.yaml", "OrganizationId", ["o-localcloud", "o-" + "a" * 32], []),
        ("central.yaml", "OrganizationId", ["o-localcloud", "o-" + "a" * 32], []),
        (
            "central.yaml",
            "ControllerKey",
            ["controller-arm64-0123456789abcdef.zip", "controller-x86_64-0123456789abcdef.zip"],
            [
                "",
                "controller-0123456789abcdef.zip",
                "controller-mips-0123456789abcdef.zip",
                "provider-0123456789abcdef.zip",
            ],
        ),
        ("central.yaml", "ControllerReservedConcurrency", ["", "2", "10", "999"], ["0", "1", "-1", "1000", "x"]),
        (
            "central.yaml",
            "KmsKeyArn",
            ["", "arn:aws-cn:kms:cn-north-1:222222222222:key/1a2b-3c"],
            ["alias/aws/dynamodb", "arn:aws:kms:us-east-1:222222222222:alias/x", "1a2b-3c"],
        ),
        *(
            (name, parameter, values, wrong)
            for name in ("central.yaml", "account-provider.yaml")
            for parameter, values, wrong in (
                (
                    "LogKmsKeyArn",
                    ["", "arn:aws-cn:kms:cn-north-1:222222222222:key/mrk-1a2b3c"],
                    ["alias/logs", "arn:aws:kms:us-east-1:222222222222:alias/x", "1a2b-3c"],
                ),
                (
                    "CodeSigningConfigArn",
                    ["", "arn:aws:lambda:us-east-1:222222222222:code-signing-config:csc-0123456789abcdef0"],
                    ["csc-0123456789abcdef0", "arn:aws:lambda:us-east-1:222222222222:code-signing-config:csc-0"],
                ),
            )
        ),
        ("central.yaml", "PermissionsBoundaryName", ["", "developer", "a/b/developer"], ["/developer", "a/", "a b"]),
        (
            "account-roles.yaml",
            "PermissionsBoundaryName",
            ["", "developer", "a/b/developer"],
            ["/developer", "a/", "a b"],
        ),
        ("account-roles.yaml", "CentralAccountId", ["222222222222"], ["", "*", "22222222222", "2222222222222"]),
        ("account-provider.yaml", "CentralAccountId", ["222222222222"], ["", "*", "22222222222", "2222222222222"]),
        (
            "organization.yaml",
            "OrganizationalUnitIds",
            ["r-ab12", "ou-ab12-cdefgh34"],
            ["", "*", "ou-", "r-", "333333333333", "o-a1b2c3d4e5", "ou-ab12-short"],
        ),
        (
            "account-provider.yaml",
            "ProviderKey",
            ["provider-0123456789abcdef.zip"],
            [
                "",
                "provider-0123456789ABCDEF.zip",
                "provider-0123456789abcdefXzip",
                "controller-arm64-0123456789abcdef.zip",
            ],
        ),
        (
            "account-provider.yaml",
            "HomeRegion",
            ["us-east-1", "us-gov-west-1", "ap-southeast-2"],
            ["", "us-east-1a", "US-EAST-1"],
        ),
        ("examples/token-service.yaml", "ConsumerAccountIds", ["111111111111"], ["", "*", "11111111111"]),
        (
            "examples/orders-api.yaml",
            "Target",
            ["333333333333/token-service", "token-service"],
            ["", "token_service", "33333333333/token-service", "333333333333/", "333333333333/token-service/x"],
        ),
        ("examples/orders-api.yaml", "OnlyAuthorizerId", ["", "a1b2c3"], ["token service", "A1B2C3", "*"]),
        (
            "examples/orders-api-sam.yaml",
            "Target",
            ["333333333333/token-service", "token-service"],
            ["", "token_service"],
        ),
        (
            "examples/orders-api-migrating.yaml",
            "ProxyFunctionArn",
            [
                "arn:aws:lambda:us-east-1:111111111111:function:proxy",
                "arn:aws-cn:lambda:r:111111111111:function:p:live",
            ],
            ["proxy", "arn:aws:lambda:us-east-1:111111111111:layer:proxy", "arn:aws:iam::111111111111:role/proxy"],
        ),
        (
            "examples/orders-reader.yaml",
            "Path",
            ["/orders", "/orders/*", "/orders/17"],
            ["", "/", "/*", "*", "/orders*", "/orders/../admin", "/other"],
        ),
        (
            "examples/stock-reader.yaml",
            "StockUrl",
            [
                "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
                "https://a.execute-api.cn-north-1.amazonaws.com.cn",
            ],
            [
                "http://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
                "https://a.execute-api.r.amazonaws.com/x",
                "https://a.org",
            ],
        ),
        ("examples/stock-reader.yaml", "ExternalId", ["stock-reader-1"], ["", "x", "a b", "x" * 129]),
        ("examples/stock-http-api.yaml", "ConsumerAccountIds", ["111111111111"], ["", "*", "11111111111"]),
        ("examples/orders-rest-api.yaml", "ConsumerAccountIds", ["111111111111"], ["", "*", "11111111111"]),
        ("examples/private-api-owner.yaml", "SubnetIds", ["", "subnet-0123456789abcdef0"], ["subnet", "vpc-01234567"]),
        ("examples/private-api-owner.yaml", "DynamoDbPrefixListId", ["", "pl-02cd2c6b"], ["pl-", "com.amazonaws"]),
        (
            "examples/private-api-consumer.yaml",
            "RoleTarget",
            ["", "333333333333/private-orders-caller", "caller"],
            ["333333333333/", "arn:aws:iam::333333333333:role/cross-account/caller"],
        ),
        (
            "examples/private-api-consumer.yaml",
            "MorePrincipalArns",
            ["", "arn:aws:iam::111111111111:role/a/b", "arn:aws-cn:iam::111111111111:user/c"],
            ["*", "111111111111", "arn:aws:iam::111111111111:role/*", "arn:aws:sts::111111111111:assumed-role/a/b"],
        ),
        ("examples/private-api-consumer.yaml", "MoreVpcEndpointIds", ["", "vpce-01234567"], ["*", "vpc-01234567"]),
        (
            "examples/private-api-consumer.yaml",
            "VpcCidr",
            ["10.64.0.0/24", "192.168.1.0/26"],
            ["", "8.8.8.0/24", "10.0.0.0/8"],
        ),
        (
            "examples/private-api-role-owner.yaml",
            "ApiId",
            ["a1b2c3d4e5"],
            ["", "arn:aws:apigateway:us-east-1::/restapis/a"],
        ),
    ],
)
def test_a_pattern_takes_what_it_means(name: str, parameter: str, taken: list[str], refused: list[str]) -> None:
    """Each pattern takes what is right and refuses the mistakes next to it."""
    assert [value for value in taken if not matches(name, parameter, value)] == []
    assert [value for value in refused if matches(name, parameter, value)] == []


@pytest.mark.parametrize("parameter", ["OrganizationId"])
def test_both_templates_mean_the_same_organization(parameter: str) -> None:
    """What one takes the other takes."""
    one, other = (load(name)["Parameters"][parameter]["AllowedPattern"] for name in ("artifacts.yaml", "central.yaml"))
    assert one == other == f"^{ORGANIZATION}$"
