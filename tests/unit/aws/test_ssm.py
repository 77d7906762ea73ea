"""What becomes of SSM's refusals, pages, and of parameters that cannot be right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from segment_rehook.aws.errors import AwsError
from segment_rehook.aws.parameters import ParametersInvalid, secrets_from
from segment_rehook.aws.ssm import SsmSecretStore
from segment_rehook.delivery.ports import SecretsUnavailable
from segment_rehook.delivery.stack_parameters import Mode, Secrets
from tests.unit.aws.conftest import Stub
from tools.fakes.surroundings import FakeClock, FakeTelemetry

PATH = "/segment-rehook/prod"
GOOD = {
    "rehook/api-key": "key-1",
    "rehook/api-secret": "s3cret",
    "segment/shared-secrets": "shared-1",
}
READ = Secrets(
    api_key="key-1",
    api_secret="s3cret",
    shared_secrets=("shared-1",),
    tokens=(),
    mode=Mode.DELIVER,
)


class World:
    """A store over a stubbed client."""

    def __init__(self) -> None:
        self.stub = Stub("ssm")
        self.clock = FakeClock()
        self.telemetry = FakeTelemetry()
        self.store = SsmSecretStore(self.stub.ssm, PATH, self.clock, self.telemetry)

    def answer(self, values: dict[str, str], *, more: str | None = None) -> None:
        """Answer the next call with these parameters."""
        answer: dict[str, Any] = {
            "Parameters": [
                {"Name": f"{PATH}/{name}", "Value": value, "Type": "SecureString"}
                for name, value in values.items()
            ]
        }
        self.stub.add_response(
            "get_parameters_by_path", answer | ({"NextToken": more} if more else {})
        )


@pytest.fixture
def world() -> World:
    """A store whose client answers what the test says."""
    return World()


def test_all_pages_are_read(world: World) -> None:
    """SSM may also give a page with nothing on it."""
    world.answer({}, more="1")
    world.answer({name: GOOD[name] for name in list(GOOD)[:2]}, more="2")
    world.answer({name: GOOD[name] for name in list(GOOD)[2:]})

    assert world.store.read() == READ
    world.stub.assert_no_pending_responses()


def test_a_refused_read_says_what_the_role_needs(world: World) -> None:
    """And which parameters were asked for, without AWS's own message."""
    world.stub.add_refusal("get_parameters_by_path", "AccessDeniedException")

    with pytest.raises(SecretsUnavailable) as caught:
        world.store.read()

    text = str(caught.value)
    assert PATH in text
    assert "AccessDeniedException" in text
    assert "ssm:GetParametersByPath" in text
    assert "ann@example.com" not in text


def test_a_refresh_that_fails_is_warned_of_once_and_changes_nothing(world: World) -> None:
    """SSM is not asked again at once: a read that hangs costs its time-out."""
    world.answer(GOOD)
    world.store.read()
    world.stub.add_error("get_parameters_by_path", AwsError("answer_timeout"))
    world.clock.advance(61)
    for _ in range(3):
        assert world.store.read() == READ

    [(warning, _)] = world.telemetry.warnings
    assert "answer_timeout" in warning


def test_a_slip_of_the_hand_does_not_stop_a_running_stack(world: World) -> None:
    """A secret that was deleted or spoilt: the last good reading stays, and the log says why."""
    world.answer(GOOD)
    world.store.read()
    world.clock.advance(61)
    world.answer({**GOOD, "rehook/api-key": "<your key>"})

    assert world.store.read() == READ

    [(warning, _)] = world.telemetry.warnings
    assert "rehook/api-key" in warning
    assert "<your key>" not in warning


def test_an_unknown_mode_is_told_at_each_reading(world: World) -> None:
    """It pauses: everything is stored."""
    world.answer({**GOOD, "mode": "delliver"})

    assert world.store.read().mode == "pause"

    [(warning, _)] = world.telemetry.warnings
    assert f"aws ssm put-parameter --name {PATH}/mode" in warning


@pytest.mark.parametrize("name", ["rehook/api-key", "rehook/api-secret"])
@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        (None, "is missing"),
        ("  \n", "is missing"),
        ("<API key>", "placeholder"),
        ("your-api-key", "placeholder"),
        ("CHANGEME", "placeholder"),
        ("xxxx", "placeholder"),
        ("one\ntwo", "line break"),
        ("tab\there", "control character"),
        ("ключ", "HTTP Basic cannot carry"),
        ("abc\u2026", "HTTP Basic cannot carry"),
    ],
)
def test_half_a_key_pair_that_cannot_be_right(name: str, value: str | None, wrong: str) -> None:
    """It is named, with the command that puts it; its value is not shown."""
    parameters = {other: text for other, text in GOOD.items() if other != name}
    if value is not None:
        parameters[name] = value

    with pytest.raises(ParametersInvalid) as caught:
        secrets_from(parameters, PATH)

    text = str(caught.value)
    assert f"{name} " in text
    assert wrong in text
    assert f"segment-rehook secrets put --stack prod {name}" in text
    assert not value or not value.strip() or value not in text


def test_a_key_with_a_colon_would_be_cut_in_two() -> None:
    """HTTP Basic ends the user name there; a secret may hold one."""
    with pytest.raises(ParametersInvalid, match="colon"):
        secrets_from({**GOOD, "rehook/api-key": "key:secret"}, PATH)

    secrets, _ = secrets_from({**GOOD, "rehook/api-secret": "a:b"}, PATH)
    assert secrets.api_secret == "a:b"


def test_every_mistake_is_named_at_once() -> None:
    """Nobody has to deploy three times."""
    with pytest.raises(ParametersInvalid) as caught:
        secrets_from({}, PATH)

    for name in ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets", "segment/tokens"):
        assert name in str(caught.value)


@pytest.mark.parametrize("name", ["segment/shared-secrets", "segment/tokens"])
def test_either_way_in_will_do(name: str) -> None:
    """Secrets, tokens, or both."""
    pair = {key: GOOD[key] for key in ("rehook/api-key", "rehook/api-secret")}
    secrets, warnings = secrets_from({**pair, name: "a-way-in"}, PATH)

    assert secrets.shared_secrets + secrets.tokens == ("a-way-in",)
    assert warnings == []


def test_a_placeholder_is_no_way_in() -> None:
    """Everybody knows it."""
    with pytest.raises(ParametersInvalid, match="segment/shared-secrets holds a placeholder"):
        secrets_from({**GOOD, "segment/shared-secrets": "good\n<secret>"}, PATH)


def test_a_placeholder_is_named_by_its_line_in_the_parameter() -> None:
    """As whoever wrote it counts: empty lines and repeated ones are lines too."""
    lists = {**GOOD, "segment/tokens": "good\n\ngood\n<token>\n"}
    with pytest.raises(ParametersInvalid, match="segment/tokens holds a placeholder in line 4"):
        secrets_from(lists, PATH)


def test_a_byte_order_mark_is_nothing() -> None:
    """Some editors and shells put one before the text: a secret with it would match nothing."""
    marked = {name: f"\ufeff{value}\n" for name, value in GOOD.items()}
    more = {"segment/tokens": "\ufeff\ntoken\n", "mode": "\ufeffpause"}
    secrets, warnings = secrets_from({**marked, **more}, PATH)

    assert secrets == replace(READ, tokens=("token",), mode=Mode.PAUSE)
    assert warnings == []


def test_lists_are_one_a_line() -> None:
    """Whatever the editor left around them, in order, each once."""
    value = " new \r\n\n old\nnew\n"
    secrets, _ = secrets_from({**GOOD, "segment/shared-secrets": value}, PATH)

    assert secrets.shared_secrets == ("new", "old")


def test_what_a_paste_adds_is_taken_off() -> None:
    """A newline at the end of a secret would make every call a 401."""
    secrets, _ = secrets_from({**GOOD, "rehook/api-secret": " s3cret\n", "mode": "Pause\n"}, PATH)

    assert secrets == replace(READ, mode=Mode.PAUSE)


@pytest.mark.parametrize("mode", ["deliver", "pause", "dry-run"])
def test_a_known_mode_is_taken(mode: str) -> None:
    """Without a warning."""
    secrets, warnings = secrets_from({**GOOD, "mode": mode}, PATH)
    assert (secrets.mode, warnings) == (mode, [])


@pytest.mark.parametrize("mode", ["", "off", "dry_run"])
def test_an_unknown_mode_pauses(mode: str) -> None:
    """Nothing is delivered that somebody may have wanted to stop."""
    secrets, warnings = secrets_from({**GOOD, "mode": mode}, PATH)
    assert secrets.mode == "pause"
    assert len(warnings) == 1
