"""A bank's ledger as its stacks have filled it: three owners, eight consumers, each grant type, and each state a grant may be in."""

from dataclasses import dataclass, field

from centre import Centre, Resource
from dynamodb_twin import DynamoDBTwin
from twins import ManualClock

from provider.cli.ledger import TABLE
from provider.cli.listings import grants, targets, time_of
from provider.cli.mapping import PermissionMap, Seen
from provider.cli.policies import policies, statements
from provider.cli.reading import own_part, whole_ledger
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.core.errors import ShutOut, WriteUnsettled
from provider.core.identifiers import AccountId, Arn

IDENTITY, TRADING, DATA = "333333333333", "666666666666", "777777777777"
SHOP, BRANCH, CARDS, LOANS = "111111111111", "121212121212", "131313131313", "141414141414"
RISK, FRAUD, MOBILE, OLD = "151515151515", "161616161616", "171717171717", "181818181818"
CONSUMERS = (SHOP, BRANCH, CARDS, LOANS, RISK, FRAUD, MOBILE, OLD)
TOKEN = f"arn:aws:lambda:eu-west-1:{IDENTITY}:function:token:live"
SESSIONS = f"arn:aws:lambda:eu-west-1:{IDENTITY}:function:sessions"
QUOTES = f"arn:aws:lambda:eu-west-1:{TRADING}:function:quotes:live"
RATES = f"arn:aws:lambda:eu-west-1:{TRADING}:function:rates:live"
ORDERS = f"arn:aws:execute-api:us-east-1:{TRADING}:ordersapi0"
ARCHIVE = f"arn:aws:iam::{DATA}:role/cross-account/archive"
REPORTS = f"arn:aws:iam::{DATA}:role/cross-account/reports"
DAY = 86_400


def _own(account: str, action: str, number: int = 1) -> dict[str, object]:
    """A policy that its owner has filled with statements of its own."""
    one = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": action}
    more = {} if action.startswith("sts:") else {"Resource": f"{ORDERS}/prod/GET/*"}
    return {"Version": "2012-10-17", "Statement": [{"Sid": f"Own{index}", **one, **more} for index in range(number)]}


@dataclass
class Bank:
    """The centre with its tables; what stacks ask is asked for when the bank is made. `held` are ids by account and logical id."""

    tables: DynamoDBTwin = field(default_factory=DynamoDBTwin)
    held: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.centre = Centre(ManualClock(1_767_000_000.0), DynamoDBLedger(self.tables, TABLE))  # type: ignore[arg-type]
        self._create()
        self._publish()
        self._ask()
        self._go_wrong()

    # --- what the ledger is seen as -------------------------------------------------------------------

    def seen(self, account: str = "") -> PermissionMap:
        """The map as an operator, or an account, sees it two days after the last event."""
        now = self.centre.clock.now() + 2 * DAY
        sight = (
            own_part(self.tables, TABLE, AccountId(account), now) if account else whole_ledger(self.tables, TABLE, now)
        )
        seen_as = Seen(self.centre.id.text, time_of(now), account)
        listed = (targets(sight), grants(sight), statements(sight, self.centre.id), policies(sight))
        return PermissionMap.of(*listed, seen_as)

    # --- its life --------------------------------------------------------------------------------------

    def _create(self) -> None:
        store = self.centre.policies
        for arn in (TOKEN, f"{SESSIONS}:blue", f"{SESSIONS}:green", QUOTES, RATES):
            store.create(arn)
        store.create_api(ORDERS, "prod", document=_own(TRADING, "execute-api:Invoke", 36))
        store.create(ARCHIVE, _own(DATA, "sts:AssumeRole"))
        store.create(REPORTS, _own(DATA, "sts:AssumeRole"))

    def _publish(self) -> None:
        everybody = list(CONSUMERS)
        self._target(IDENTITY, "token-service", everybody, ["Authorizer"], FunctionArn=TOKEN)
        aliases = {"FunctionArn": SESSIONS, "Qualifiers": ["blue", "green"]}
        self._target(IDENTITY, "sessions", everybody, ["Authorizer", "InvokeFunction"], **aliases)
        self._target(TRADING, "quotes", everybody, ["InvokeFunction"], FunctionArn=QUOTES)
        self._target(TRADING, "rates", everybody, ["InvokeFunction"], FunctionArn=RATES)
        api = {"RestApiId": "ordersapi0", "StageName": "prod", "RedeployOnChange": "true"}
        self._target(TRADING, "orders", everybody, ["ExecuteApi"], **api)
        self._target(DATA, "archive", everybody, ["AssumeRole"], RoleArn=ARCHIVE)
        self._target(DATA, "reports", everybody, ["AssumeRole"], RoleArn=REPORTS)
        self._target(DATA, "nobody-asked", everybody, ["AssumeRole"], RoleArn=ARCHIVE)

    def _ask(self) -> None:
        for number, account in enumerate(CONSUMERS):
            self._pass(days=9 * (8 - number))
            api = f"api{number}000000"
            self._permission(account, f"{IDENTITY}/token-service", "Authorizer", "Login", ApiId=api)
            if number % 2:
                narrowed = {
                    "Methods": ["GET"],
                    "Paths": ["/v1/*"],
                    "Principals": [f"arn:aws:iam::{account}:role/orders"],
                }
                self._permission(account, f"{TRADING}/orders", "ExecuteApi", "Orders", **narrowed)
            if number in (0, 3, 4):
                self._permission(account, f"{IDENTITY}/sessions", "InvokeFunction", "Sessions")
            if number in (1, 4, 5):
                self._permission(account, f"{TRADING}/quotes", "InvokeFunction", "Quotes")
        analyst = f"arn:aws:iam::{RISK}:role/analyst"
        self._permission(RISK, f"{DATA}/archive", "AssumeRole", "Archive", Principals=[analyst], ExternalId="risk-42")
        self._permission(FRAUD, f"{DATA}/reports", "AssumeRole", "Reports", ExpiresAt="2027-02-01T00:00:00Z")
        checkout = {"ApiId": "checkout00", "AuthorizerIds": ["a1b2c3"]}
        self._permission(SHOP, f"{IDENTITY}/token-service", "Authorizer", "Checkout", **checkout)
        self.centre.round()

    def _go_wrong(self) -> None:
        """One account is let in no more, one function is gone, one owner shuts us out, and one answers late."""
        store = self.centre.policies
        fewer = [one for one in CONSUMERS if one != OLD]
        self._target(IDENTITY, "token-service", fewer, ["Authorizer"], FunctionArn=TOKEN)
        self._permission(MOBILE, f"{TRADING}/rates", "InvokeFunction", "Rates")
        del store.policies[Arn(RATES)]
        self._pass(days=1)
        self.centre.round()
        store.shut[Arn(REPORTS)] = ShutOut(Arn(REPORTS), "AccessDenied")
        self._withdraw(FRAUD, f"{DATA}/reports", "AssumeRole", "Reports", ExpiresAt="2027-02-01T00:00:00Z")
        store.shut[Arn(QUOTES)] = WriteUnsettled(Arn(QUOTES), "TooManyRequestsException")
        self._withdraw(FRAUD, f"{TRADING}/quotes", "InvokeFunction", "Quotes")
        waiting = self._resource(LOANS, f"{TRADING}/quotes", "InvokeFunction", "Quotes", {})
        key = self.centre.file(LOANS, waiting.event("Create"))
        self.centre.controller.take([self.centre.desk.requests[key]], self.centre.clock.now() + 10)

    def _pass(self, days: float) -> None:
        self.centre.clock.time += days * DAY

    def _target(self, owner: str, name: str, allowed: list[str], types: list[str], **what: object) -> None:
        properties = {"Name": name, "AllowedGrantTypes": types, "AllowedAccounts": allowed, **what}
        one = Resource(owner, "Target", properties, f"{name.title().replace('-', '')}Target", name)
        answer = self.centre.ask(owner, one.event("Create"))
        assert answer.status == "SUCCESS", answer.reason

    def _permission(self, account: str, target: str, grant_type: str, logical_id: str, **asked: object) -> None:
        one = self._resource(account, target, grant_type, logical_id, asked)
        answer = self.centre.ask(account, one.event("Create"))
        assert answer.status == "SUCCESS", answer.reason
        self.held[account, logical_id] = answer.physical_id

    def _withdraw(self, account: str, target: str, grant_type: str, logical_id: str, **asked: object) -> None:
        one = self._resource(account, target, grant_type, logical_id, asked)
        self.centre.handle(self.centre.file(account, one.event("Delete", self.held[account, logical_id])))

    @staticmethod
    def _resource(account: str, target: str, grant_type: str, logical_id: str, asked: dict[str, object]) -> Resource:
        properties = {"Target": target, "GrantType": grant_type, **asked}
        return Resource(account, "Permission", properties, f"{logical_id}Permission", f"{logical_id.lower()}-api")
