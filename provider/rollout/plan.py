"""What is to be deployed where, and in which order: values, and no call."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provider.packaging.artifact import Architecture, Artifact
from provider.packaging.release import bucket_name, template_key
from provider.rollout.stacks import Stack

PREFIX = "cross-account-permission"

_FOR_A_STACK = 900  # seconds
_FOR_STACK_SETS = 3 * 3600  # seconds, for thousands of accounts


@dataclass(frozen=True, slots=True)
class Units:
    """Organizational units (or the root) to whose accounts StackSets bring roles and providers.

    `administrator` is the account that StackSets belong to: the management account, or a delegated administrator.
    """

    ids: Sequence[str]
    administrator: str
    delegated: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to roll out where: `accounts` are 12-digit ids, the first Region is home.

    `parameters` are the caller's own, by template, `tags` those of every stack; `suffix` is the DNS suffix of the partition. `reverts`:
    what was changed past the stacks is made again as they say.
    """

    organization: str
    central: str
    accounts: Sequence[str]
    regions: Sequence[str]
    architecture: Architecture
    artifacts: Sequence[Artifact]
    templates: Sequence[Path]
    units: Units | None = None
    parameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    suffix: str = "amazonaws.com"
    tags: Mapping[str, str] = field(default_factory=dict)
    reverts: bool = False

    @property
    def home(self) -> str:
        """The Region of the central parts."""
        return self.regions[0]

    def text(self, name: str) -> str:
        """The text of one of the templates."""
        return self._path(name).read_text("utf-8")

    def url(self, name: str) -> str:
        """Where one of the templates lies in the home Region's bucket once it is released."""
        bucket = bucket_name(self.central, self.home)
        return f"https://{bucket}.s3.{self.home}.{self.suffix}/{template_key(self._path(name))}"

    def key(self, kind: str) -> str:
        """The key in each bucket of the zip that is run."""
        fitting = (one for one in self.artifacts if one.architecture in (None, self.architecture))
        return next(one.key for one in fitting if one.kind == kind)

    def _path(self, name: str) -> Path:
        return next(path for path in self.templates if path.stem == name)


@dataclass(frozen=True, slots=True)
class StackStep:
    """A stack in an account and Region; `what` says in words what it is."""

    what: str
    account: str
    region: str
    stack: Stack

    def __str__(self) -> str:
        """For who watches."""
        return f"{self.what} in {self.account}, {self.region}"


@dataclass(frozen=True, slots=True)
class ReleaseStep:
    """Zips and templates, uploaded to the artifact bucket of a Region."""

    account: str
    region: str

    def __str__(self) -> str:
        """For who watches."""
        return f"zips and templates in {self.account}, {self.region}"


@dataclass(frozen=True, slots=True)
class Removal:
    """A stack to delete."""

    what: str
    account: str
    region: str
    name: str
    patience: int

    def __str__(self) -> str:
        """For who watches."""
        return f"{self.what} in {self.account}, {self.region}"


Step = StackStep | ReleaseStep

CENTRAL, ARTIFACTS, ORGANIZATION, ROLES, PROVIDER = (
    "central",
    "artifacts",
    "organization",
    "account-roles",
    "account-provider",
)
_WHAT = {
    ARTIFACTS: "artifact bucket",
    CENTRAL: "central parts",
    ORGANIZATION: "StackSets of roles and providers",
    ROLES: "roles",
    PROVIDER: "provider function",
}
TEMPLATES = tuple(_WHAT)
"""The templates that are deployed, in their order."""
_PROTECTED = (ARTIFACTS, CENTRAL)
_ADOPTS = (CENTRAL,)  # its tables outlive their stack


def steps(plan: Plan) -> tuple[Step, ...]:
    """All steps in their order, which is that of a first deployment and of every upgrade.

    The centre comes before the accounts: accounts are never all of one version, so a controller has to live with roles and providers of
    earlier ones anyway, while a role of a later version may have lost what only the earlier controller used. Zips come before all that names
    them, and stay, so that nothing that runs loses its code.
    """
    return tuple(_steps(plan))


def taken_down(plan: Plan) -> tuple[Removal, ...]:
    """The stacks to delete, in their order: what asks goes first, then what answers.

    The artifact buckets stay, with their stacks: nothing can be deleted from them anyway, and what they hold is named by its content.
    """
    going = [place for place in _places(plan) if place[0] != ARTIFACTS]
    return tuple(
        Removal(_WHAT[template], account, region, stack_name(template), patience(template))
        for template, account, region in reversed(going)
    )


def given(plan: Plan, template: str) -> dict[str, str]:
    """The parameters that a roll-out gives a template by itself."""
    provider = {"CentralAccountId": plan.central, "HomeRegion": plan.home}
    match template:
        case "artifacts":
            return {"OrganizationId": plan.organization}
        case "central":
            return {"OrganizationId": plan.organization, "ControllerKey": plan.key("controller")}
        case "account-roles":
            return {"CentralAccountId": plan.central}
    provider |= {"ProviderKey": plan.key("provider"), "Architecture": plan.architecture.value}
    return {**provider, **_of_units(plan, plan.units)} if template == ORGANIZATION and plan.units else provider


def stack_name(template: str) -> str:
    """The stack of a template, everywhere."""
    return f"{PREFIX}-{template}"


def patience(template: str) -> int:
    """Seconds that one operation on the stack of a template may take."""
    return _FOR_STACK_SETS if template == ORGANIZATION else _FOR_A_STACK


def _places(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Template, account and Region of every stack."""
    for region in plan.regions:
        yield ARTIFACTS, plan.central, region
    yield CENTRAL, plan.central, plan.home
    if plan.units:
        yield ORGANIZATION, plan.units.administrator, plan.home
    for account in plan.accounts:
        yield ROLES, account, plan.home
        for region in plan.regions:
            yield PROVIDER, account, region


def _steps(plan: Plan) -> Iterator[Step]:
    for template, account, region in _places(plan):
        stack = Stack(
            name=stack_name(template),
            template=plan.text(template),
            parameters={**plan.parameters.get(template, {}), **given(plan, template)},
            protected=template in _PROTECTED,
            adopts=template in _ADOPTS,
            reverts=plan.reverts,
            patience=patience(template),
            tags=plan.tags,
        )
        yield StackStep(_WHAT[template], account, region, stack)
        if template == ARTIFACTS:
            yield ReleaseStep(account, region)


def _of_units(plan: Plan, units: Units) -> dict[str, str]:
    return {
        "OrganizationalUnitIds": ",".join(units.ids),
        "Regions": ",".join(plan.regions),
        "RolesTemplateUrl": plan.url(ROLES),
        "ProviderTemplateUrl": plan.url(PROVIDER),
        "CallAs": "DELEGATED_ADMIN" if units.delegated else "SELF",
    }
