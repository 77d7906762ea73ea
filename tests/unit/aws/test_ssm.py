"""The secret store: SSM's pages and refusals, and parameters that can't be right."""

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
    """Give a store whose client answers what the test says."""
    return World()


def test_all_pages_are_read(world: World) -> None:
    """All pages are read, also after a page without parameters."""
    world.answer({}, more="1")
    world.answer({name: GOOD[name] for name in list(GOOD)[:2]}, more="2")
    world.answer({name: GOOD[name] for name in list(GOOD)[2:]})

    assert world.store.read() == READ
    world.stub.assert_no_pending_responses()


def test_a_refused_read_says_what_the_role_needs(world: World) -> None:
    """A refused read names the path, the error and the permission, and not AWS's own text."""
    world.stub.add_refusal("get_parameters_by_path", "AccessDeniedException")

    with pytest.raises(SecretsUnavailable) as caught:
        world.store.read()

    text = str(caught.value)
    assert PATH in text
    assert "AccessDeniedException" in text
    assert "ssm:GetParametersByPath" in text
    assert "ann@example.com" not in text


def test_a_refresh_that_fails_is_warned_of_once_and_changes_nothing(world: World) -> None:
    """After a failed refresh the last secrets stay in use, and SSM is not asked again at once."""
    world.answer(GOOD)
    world.store.read()
    world.stub.add_error("get_parameters_by_path", AwsError("answer_timeout"))
    world.clock.advance(61)
    for _ in range(3):
        assert world.store.read() == READ

    [(warning, _)] = world.telemetry.warnings
    assert "answer_timeout" in warning


def test_a_slip_of_the_hand_does_not_stop_a_running_stack(world: World) -> None:
    """If a secret was made unusable, the last good reading stays, and a warning says why."""
    world.answer(GOOD)
    world.store.read()
    world.clock.advance(61)
    world.answer({**GOOD, "rehook/api-key": "<your key>"})

    assert world.store.read() == READ

    [(warning, _)] = world.telemetry.warnings
    assert "rehook/api-key" in warning
    assert "<your key>" not in warning


def test_an_unknown_mode_is_told_at_each_reading(world: World) -> None:
    """An unknown mode counts as `pause`, with a warning that has the command to put another."""
    world.answer({**GOOD, "mode": "delliver"})

    assert world.store.read().mode == "pause"

    [(warning, _)] = world.telemetry.warnings
    assert f"`segment-rehook mode --stack {PATH.rpartition('/')[2]} deliver`" in warning


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
    """A key that can't be right is named with the command that puts it, without its value."""
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
    """A colon is refused in a key, where HTTP Basic ends the user name, not in a secret."""
    with pytest.raises(ParametersInvalid, match="colon"):
        secrets_from({**GOOD, "rehook/api-key": "key:secret"}, PATH)

    secrets, _ = secrets_from({**GOOD, "rehook/api-secret": "a:b"}, PATH)
    assert secrets.api_secret == "a:b"


def test_every_mistake_is_named_at_once() -> None:
    """One error names all parameters that are missing."""
    with pytest.raises(ParametersInvalid) as caught:
        secrets_from({}, PATH)

    for name in ("rehook/api-key", "rehook/api-secret", "segment/shared-secrets", "segment/tokens"):
        assert name in str(caught.value)


@pytest.mark.parametrize("name", ["segment/shared-secrets", "segment/tokens"])
def test_either_way_in_will_do(name: str) -> None:
    """Shared secrets or tokens alone are enough."""
    pair = {key: GOOD[key] for key in ("rehook/api-key", "rehook/api-secret")}
    secrets, warnings = secrets_from({**pair, name: "a-way-in"}, PATH)

    assert secrets.shared_secrets + secrets.tokens == ("a-way-in",)
    assert warnings == []


def test_a_placeholder_is_no_way_in() -> None:
    """A placeholder among the shared secrets is refused."""
    with pytest.raises(ParametersInvalid, match="segment/shared-secrets holds a placeholder"):
        secrets_from({**GOOD, "segment/shared-secrets": "good\n<secret>"}, PATH)


def test_a_placeholder_is_named_by_its_line_in_the_parameter() -> None:
    """The error counts lines as an editor does: empty and repeated lines count."""
    lists = {**GOOD, "segment/tokens": "good\n\ngood\n<token>\n"}
    with pytest.raises(ParametersInvalid, match="segment/tokens holds a placeholder in line 4"):
        secrets_from(lists, PATH)


def test_a_byte_order_mark_is_nothing() -> None:
    """A byte order mark before a value is taken off."""
    marked = {name: f"\ufeff{value}\n" for name, value in GOOD.items()}
    more = {"segment/tokens": "\ufeff\ntoken\n", "mode": "\ufeffpause"}
    secrets, warnings = secrets_from({**marked, **more}, PATH)

    assert secrets == replace(READ, tokens=("token",), mode=Mode.PAUSE)
    assert warnings == []


def test_lists_are_one_a_line() -> None:
    """A list has one value a line: blanks are taken off, and repeated values dropped."""
    value = " new \r\n\n old\nnew\n"
    secrets, _ = secrets_from({**GOOD, "segment/shared-secrets": value}, PATH)

    assert secrets.shared_secrets == ("new", "old")


def test_what_a_paste_adds_is_taken_off() -> None:
    """Blanks and line breaks around a value are taken off."""
    secrets, _ = secrets_from({**GOOD, "rehook/api-secret": " s3cret\n", "mode": "Pause\n"}, PATH)

    assert secrets == replace(READ, mode=Mode.PAUSE)


@pytest.mark.parametrize("mode", ["deliver", "pause", "dry-run"])
def test_a_known_mode_is_taken(mode: str) -> None:
    """A known mode is used without a warning."""
    secrets, warnings = secrets_from({**GOOD, "mode": mode}, PATH)
    assert (secrets.mode, warnings) == (mode, [])


@pytest.mark.parametrize("mode", ["", "off", "dry_run"])
def test_an_unknown_mode_pauses(mode: str) -> None:
    """A mode that is none counts as `pause`, with one warning."""
    secrets, warnings = secrets_from({**GOOD, "mode": mode}, PATH)
    assert secrets.mode == "pause"
    assert len(warnings) == 1


def test_the_key_of_the_users_hashes_is_read_with_the_secrets(world: World) -> None:
    """The key is in the same reading. A stack without it works, and there is no warning."""
    key = "0123456789abcdef" * 4
    world.answer({**GOOD, "logs/user-key": f"\ufeff{key}\n"})
    assert world.store.read().user_key == key.encode()
    assert secrets_from(GOOD, PATH) == (READ, [])
    assert not world.telemetry.warnings


@pytest.mark.parametrize("value", ["", "short", "<a random text of more than 32 characters>"])
def test_a_bad_key_of_the_users_hashes_stops_nothing(value: str) -> None:
    """A key that could be guessed is not used: a warning says so, and has no part of it."""
    secrets, [warning] = secrets_from({**GOOD, "logs/user-key": value}, PATH)

    assert secrets == READ
    assert "segment-rehook secrets put --stack prod logs/user-key" in warning
    assert not value or value not in warning
