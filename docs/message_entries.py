"""The troubleshooting page's entries: every message that the controller and the provider function can give.

What a message is about stands in its class's docstring, its words are made by the class itself, with `…` for what varies.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Sequence

import provider.controller
import provider.core
from provider.core.errors import CrossAccountError, Permanent, Temporary
from provider.function.failures import Failure, RequestFailed

VARIES = "…"
NUMBER = 7
_SAMPLES = {"int": NUMBER, "str": VARIES, "object": VARIES, "tuple[str, ...]": (VARIES,), "BaseException": ValueError()}
_PLAIN = {"remedy": "The remedy of the property stands here."}

MORE = {
    "ShutOut": "Three things let the controller in: `account-roles.yaml` in the owner's account with this centre's account id, the tag "
    "`CrossAccountPermission: allowed` on the function, REST API or role, and no service control policy that denies the grantor role. "
    "`aws sts assume-role` cannot be tried by hand: the role trusts the controller alone.",
    "PolicyFull": "Remove statements that nobody needs, let consumers ask for wider instead of many narrow permissions, or give a function "
    "further aliases as `Qualifiers`. AWS raises the quota of REST APIs (8,192 characters) and of role trust policies (2,048), not that of functions.",
    "PolicyRefused": "AWS takes a whole policy or none. A statement of somebody else whose role or user was deleted since reads back as an id such "
    "as `AROA…` and has AWS refuse every later change. The message names it where that can be told.",
    "WouldShutOut": "An API without a policy lets everybody call methods that need no authorization; with one, a caller needs an explicit allow. "
    "`Close` closes these methods for good, `CloseWhileGranted` until the last grant goes. To keep them open to everybody, the owner "
    "writes a policy that allows them first: then nothing is closed, and nothing is refused.",
    "UnitsNotTold": "The centre learns it by `organizations:DescribeAccount`, which only the management account, a delegated administrator, or whom the "
    "organization's delegation policy names may call; its log says what Organizations answered. What is granted already stays.",
    "TargetHasConsumers": "A target that shall only move is updated, not deleted: consumers stay open on the old one until they are told. Whoever "
    "moves it to another stack creates it there first; then the old one may go.",
    "ProviderNeeded": "`crossaccount grants --account` lists the grants of an account and their stacks. Where the centre cannot be asked any more, since the account has "
    "left the organization, delete the stack a second time with `--retain-resources Guard`.",
    "AnswerLate": "The request lies in the central account's table and is taken as soon as the controller can. Deploying again is safe: it asks for "
    "the same grant.",
    "StaleEvent": "Two events of one resource overtook each other. What the later one asked stands.",
    "AccountQuarantined": "An operator of the central account has turned the kill switch. Deletes of stacks go through.",
}
"""What a reader may need besides the sentence."""


def entries(names: Sequence[str]) -> str:
    """The entries of the classes of these modules (`controller` or `provider`), sorted by message."""
    found = sorted((message(one), one) for one in classes() if _part(one) in names)
    return "\n\n".join(_entry(text, one) for text, one in found)


def classes() -> list[type[Exception]]:
    """Every class of message that has words of its own."""
    for package in (provider.core, provider.controller):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found = {*_below(CrossAccountError), *_below(Failure)} - {Permanent, Temporary, RequestFailed}
    return sorted(found, key=lambda one: one.__name__)


def _below(branch: type[Exception]) -> Iterator[type[Exception]]:
    for one in branch.__subclasses__():
        yield one
        yield from _below(one)


def _part(one: type[Exception]) -> str:
    return "provider" if issubclass(one, Failure) else "controller"


def message(one: type[Exception]) -> str:
    """The words of a message, `…` for what varies."""
    parameters = inspect.signature(one).parameters.values()
    given = [_PLAIN.get(p.name) or _SAMPLES[inspect.formatannotation(p.annotation)] for p in parameters]
    text = str(one(*given))
    for quoted in (f"'{VARIES}'", f"'\\u{ord(VARIES):04x}'", f"({VARIES!r},)"):
        text = text.replace(quoted, VARIES)
    return text.replace(str(NUMBER), VARIES)


def _entry(text: str, one: type[Exception]) -> str:
    about = " ".join((inspect.getdoc(one) or "").split())
    more = f"\n\n{MORE[one.__name__]}" if one.__name__ in MORE else ""
    kind = (
        "\n\nIt may pass by itself: the request is tried again until its time is over."
        if issubclass(one, Temporary)
        else ""
    )
    return f"### {text}\n\n{about}{more}{kind}"
