"""The Lambda model that the controller carries is the part of botocore's that it calls."""

import json
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader

from provider.packaging.errors import WrongBotocoreError
from provider.packaging.model import OPERATIONS, cut, lambda_model


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """Botocore's own model."""
    model: dict[str, Any] = Loader().load_service_model("lambda", "service-2", "2015-03-31")
    return model


def test_it_holds_the_called_operations_alone(whole: dict[str, Any]) -> None:
    """Each as in the whole model, but for the prose."""
    model = json.loads(lambda_model())
    assert sorted(model["operations"]) == sorted(OPERATIONS)
    assert model["metadata"] == whole["metadata"]
    assert "botocore 1.44.5" in model["documentation"]
    for name, operation in model["operations"].items():
        assert operation == {key: value for key, value in whole["operations"][name].items() if key != "documentation"}


def test_every_shape_that_is_named_is_there_and_no_other(whole: dict[str, Any]) -> None:
    """Take one away and something names it."""
    model = json.loads(lambda_model())
    named = {json.loads(found) for found in _shapes_named(json.dumps(model))}
    assert named == model["shapes"].keys()
    assert len(named) < len(whole["shapes"]) / 3


def _shapes_named(text: str) -> list[str]:
    return [part.split(",")[0].split("}")[0] for part in text.split('"shape": ')[1:]]


def test_a_member_called_documentation_stays() -> None:
    """Only prose goes."""
    shapes = {
        "Asked": {"type": "structure", "members": {"documentation": {"shape": "Text", "documentation": "prose"}}},
        "Text": {"type": "string", "documentation": "prose"},
        "Unused": {"type": "string"},
    }
    model = {"version": "2.0", "metadata": {}, "operations": {"Ask": {"input": {"shape": "Asked"}}}, "shapes": shapes}
    assert cut(model, ("Ask",))["shapes"] == {
        "Asked": {"type": "structure", "members": {"documentation": {"shape": "Text"}}},
        "Text": {"type": "string"},
    }


def test_another_botocore_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its model would give other bytes."""
    monkeypatch.setattr(botocore, "__version__", "1.40.0")
    with pytest.raises(WrongBotocoreError, match=r"botocore 1\.40\.0 is installed, .* Run `make venv`"):
        lambda_model()


def test_models_of_the_builder_have_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Botocore looks into ~/.aws/models as well; a build does not."""
    before = lambda_model()
    own = tmp_path / "lambda" / "2015-03-31" / "service-2.json"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))
    assert Loader().load_service_model("lambda", "service-2", "2015-03-31") == {}
    assert lambda_model() == before
