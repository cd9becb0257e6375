"""What is made of a contract does what its options say, and an option that means nothing is refused."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf import message_factory

from tools import protos
from tools.contracts import encoders, model, openapi, rest, routes

HEAD = """syntax = "proto3";
package fynlo.zoo.v1;
import "buf/validate/validate.proto";
import "fynlo/common/v1/json.proto";
import "fynlo/common/v1/options.proto";
import "fynlo/common/v1/rest.proto";
import "google/api/annotations.proto";
import "google/protobuf/timestamp.proto";
"""
ANIMALS = """
enum Mood {
  MOOD_UNSPECIFIED = 0;
  MOOD_CALM = 1;
  // It bites.
  MOOD_VERY_WILD = 2;
}
message Keeper { string name = 1; int64 wage_minor = 2; }
// Somebody who lives here.
message Animal {
  string id = 1;
  string name = 2 [(buf.validate.field).string = {min_len: 1, max_len: 40}];
  // As many as it has left.
  int32 legs = 3 [(fynlo.common.v1.json).nullable = true];
  Mood mood = 4;
  bool hidden = 5 [(fynlo.common.v1.json) = {name: "shown", negated: true}];
  string cage_id = 6 [(fynlo.common.v1.json) = {group: "cage", name: "id", group_key: true}];
  string cage_name = 7 [(fynlo.common.v1.json) = {group: "cage", name: "name", nullable: true}];
  Keeper keeper = 8 [(fynlo.common.v1.json) = {nullable: true, without: "wage_minor"}];
  int64 escapes = 9 [(fynlo.common.v1.json).null_unless = {field: "mood", value: "MOOD_VERY_WILD"}];
  google.protobuf.Timestamp born_at = 10 [(fynlo.common.v1.json).nullable = true];
  string secret = 11 [(fynlo.common.v1.json).omit = true];
  repeated string tricks = 12 [(fynlo.common.v1.json).absent = true];
  bool is_star = 13 [(fynlo.common.v1.json).absent = true];
  Keeper friend = 14 [(fynlo.common.v1.json).absent = true];
}
message FeedRequest {
  string request_id = 1;
  string animal_id = 2 [(buf.validate.field).string.uuid = true];
  Mood until = 3;
  int32 meals = 4 [(buf.validate.field).int32 = {gte: 1, lte: 9}, (fynlo.common.v1.json).default = "2"];
}
message FeedResponse { Animal animal = 1; }
service ZooService {
  // Until it is calm.
  rpc Feed(FeedRequest) returns (FeedResponse) {
    option (fynlo.common.v1.permission) = "animals.feed";
    option idempotency_level = IDEMPOTENT;
    option (google.api.http) = {
      post: "/api/v2/animals/{animal_id}/{until}"
      body: "*"
      response_body: "animal"
    };
    option (fynlo.common.v1.rest) = { tag: "zoo" key: IDEMPOTENCY_KEY_REQUIRED };
    option (fynlo.common.v1.refused) = { status: 409 reasons: ["ANIMAL_ASLEEP"] };
  }
}
"""


def contracts_of(text: str, folder: Path) -> model.Contracts:
    """The contracts of a file beside the real ones."""
    source = folder / "fynlo" / "zoo" / "v1" / "zoo_service.proto"
    source.parent.mkdir(parents=True)
    source.write_text(HEAD + text)
    known = protos.image(folder, protos.validate_descriptor(folder))
    image = folder / "zoo.binpb"
    arguments = [f"-I{folder}", f"--descriptor_set_in={known}", "--include_source_info", "--include_imports"]
    protos.protoc([*arguments, f"--descriptor_set_out={image}", "fynlo/zoo/v1/zoo_service.proto"])
    return model.load(image.read_bytes())


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> model.Contracts:
    return contracts_of(ANIMALS, tmp_path_factory.mktemp("zoo"))


def feedings(zoo: model.Contracts) -> list[rest.Operation]:
    return [one for one in rest.operations(zoo) if one.method.name == "Feed"]


@pytest.fixture
def encoder(zoo: model.Contracts, tmp_path: Path) -> Iterator[ModuleType]:
    """The module that was made, over messages of the planted contract."""
    sources = encoders.encoders(zoo, ["fynlo.zoo.v1.Animal"])
    made = sources["zoo.py"].replace("from fynlo.zoo.v1 import zoo_service_pb2", "import zoo_service_pb2")
    (tmp_path / "made_zoo.py").write_text(made)
    file = zoo.pool.FindFileByName("fynlo/zoo/v1/zoo_service.proto")
    stand_in = ModuleType("zoo_service_pb2")
    for name, enum in file.enum_types_by_name.items():
        setattr(stand_in, name, _Names(enum))
        for value in enum.values:
            setattr(stand_in, value.name, value.number)
    for name in file.message_types_by_name:
        setattr(stand_in, name, message_class(zoo, name))
    sys.modules["zoo_service_pb2"] = stand_in
    spec = importlib.util.spec_from_file_location("made_zoo", tmp_path / "made_zoo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["zoo_service_pb2"]


class _Names:
    def __init__(self, enum: Any) -> None:
        self._enum = enum

    def items(self) -> list[tuple[str, int]]:
        return [(value.name, value.number) for value in self._enum.values]


def message_class(zoo: model.Contracts, name: str) -> Any:
    return message_factory.GetMessageClass(zoo.pool.FindMessageTypeByName(f"fynlo.zoo.v1.{name}"))


def test_a_message_is_shown_as_its_options_say(zoo: model.Contracts, encoder: ModuleType) -> None:
    animal = message_class(zoo, "Animal")
    full = animal(id="a", name="Leo", legs=4, mood=2, cage_id="c", cage_name="South", escapes=0, secret="x")
    full.keeper.name, full.keeper.wage_minor = "Kim", 900
    full.born_at.seconds = 1_767_225_600
    assert encoder.animal(full) == {
        "id": "a",
        "name": "Leo",
        "legs": 4,
        "mood": "very_wild",
        "shown": True,
        "cage": {"id": "c", "name": "South"},
        "keeper": {"name": "Kim"},
        "escapes": 0,
        "born_at": "2026-01-01T00:00:00.000Z",
    }
    bare = encoder.animal(animal(id="a", name="Leo", mood=1, hidden=True))
    assert [bare[name] for name in ("legs", "cage", "keeper", "escapes", "born_at")] == [None] * 5
    assert (bare["mood"], bare["shown"]) == ("calm", False)


def test_what_is_absent_is_there_only_where_it_says_something(
    zoo: model.Contracts, encoder: ModuleType
) -> None:
    animal = message_class(zoo, "Animal")
    said = animal(mood=1, tricks=["roll"], is_star=True)
    said.friend.name = "Kim"
    shown = encoder.animal(said)
    assert (shown["tricks"], shown["is_star"], shown["friend"]["name"]) == (["roll"], True, "Kim")
    absent = {"tricks", "is_star", "friend"}
    assert encoder.animal(animal(mood=1)).keys().isdisjoint(absent)
    schema = openapi.Document(zoo, feedings(zoo), {"Animal": {}}).build()["components"]["schemas"]["Animal"]
    assert schema["properties"].keys() >= absent
    assert absent.isdisjoint(schema["required"])
    assert "legs" in schema["required"]


def test_an_enum_in_a_path_is_one_path_for_each_value(zoo: model.Contracts) -> None:
    assert [one.path for one in feedings(zoo)] == [
        "/api/v2/animals/{animal_id}/calm",
        "/api/v2/animals/{animal_id}/very_wild",
    ]


def test_a_body_has_what_the_path_and_the_header_do_not_say(zoo: model.Contracts) -> None:
    (calm, _) = feedings(zoo)
    assert [one.json_name for one in calm.body_fields()] == ["meals"]
    source = routes.routes(zoo, feedings(zoo))["zoo.py"]
    assert "request_id=call.key" in source
    assert "animal_id=call.id_of('animal_id')" in source
    assert "until=zoo_service_pb2.MOOD_CALM" in source
    assert "meals: Annotated[int, Field(ge=1, le=9)] = 2" in source


def test_the_document_says_limits_refusals_and_what_a_body_may_leave_out(zoo: model.Contracts) -> None:
    document = openapi.Document(zoo, feedings(zoo), {"Animal": {}}).build()
    feed = document["paths"]["/api/v2/animals/{animal_id}/calm"]["post"]
    assert feed["x-permission"] == "animals.feed"
    assert "animal_asleep" in feed["responses"]["409"]["content"]["application/problem+json"]["examples"]
    meals = document["components"]["schemas"]["FeedRequestIn"]["properties"]["meals"]
    assert meals == {"type": "integer", "minimum": 1, "maximum": 9, "default": 2}
    animal = document["components"]["schemas"]["Animal"]["properties"]
    assert "secret" not in animal
    assert animal["legs"]["description"] == "As many as it has left."
    assert animal["mood"]["description"] == "very_wild: It bites."
    assert "description" not in animal["id"]
    assert animal["cage"]["anyOf"][1] == {"type": "null"}


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (
            ('{field: "mood", value: "MOOD_VERY_WILD"}', '{field: "mood", value: "MOOD_OLD"}'),
            "has no MOOD_OLD",
        ),
        (('without: "wage_minor"', 'without: "salary"'), "has no salary"),
        (
            ("string secret = 11 [(fynlo.common.v1.json).omit = true]", "bytes secret = 11"),
            "JSON has no bytes",
        ),
    ],
)
def test_an_option_that_means_nothing_is_refused(planted: tuple[str, str], said: str, tmp_path: Path) -> None:
    assert planted[0] in ANIMALS
    contracts = contracts_of(ANIMALS.replace(*planted), tmp_path)
    with pytest.raises(ValueError, match=said):
        encoders.encoders(contracts, ["fynlo.zoo.v1.Animal"])


def test_a_route_for_people_without_a_permission_is_refused(tmp_path: Path) -> None:
    contracts = contracts_of(
        ANIMALS.replace('option (fynlo.common.v1.permission) = "animals.feed";', ""), tmp_path
    )
    with pytest.raises(ValueError, match="says no permission"):
        routes.routes(contracts, feedings(contracts))


def test_two_addresses_with_one_description_are_refused(tmp_path: Path) -> None:
    twice = 'response_body: "animal" additional_bindings { get: "/api/v2/animals" }'
    contracts = contracts_of(ANIMALS.replace('response_body: "animal"', twice), tmp_path)
    with pytest.raises(ValueError, match="2 addresses and 1 descriptions"):
        list(rest.operations(contracts))


def test_the_image_that_is_read_has_its_comments(zoo: model.Contracts) -> None:
    assert zoo.methods["fynlo.zoo.v1.ZooService.Feed"].comment == "Until it is calm."


def test_what_is_made_is_not_needed_to_make_it() -> None:
    code = """
import subprocess
import sys
sys.modules.update({"gateway.rest": None, "fynlo_json": None})
from tools import protos
from tools.contracts import encoders, health, openapi, routes
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=protos.ROOT, timeout=60, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
