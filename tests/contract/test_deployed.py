"""Tests of reading the destination file that a stack runs, from the layer of its live version."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
import typer

from segment_rehook_cli.stack import deployed as deployed_module
from segment_rehook_cli.stack.deployed import file_in_layer, read_deployed
from segment_rehook_cli.stack.download import DownloadFailed, download
from tests.contract.deployed_stack import Lambda, deployed, layer

TEXT = b'{"subscriptions": []}'
WITH_FILE = layer(destination_json=TEXT)
CODE = layer(python=b"code")


def refusal(stand_in: Lambda, capsys: pytest.CaptureFixture[str]) -> str:
    """Read what can't be read: exit code 3, and one line, which is returned."""
    with deployed(stand_in) as stack, pytest.raises(typer.Exit) as caught:
        read_deployed(stack)
    assert caught.value.exit_code == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Signature" not in said
    assert stand_in.address not in said
    return said


def test_the_file_and_its_version_are_read() -> None:
    """The bytes are those of the layer, and the version is the first 12 digits of their SHA-256."""
    with deployed(Lambda([CODE, WITH_FILE])) as stack:
        found = read_deployed(stack)
    assert found.content == TEXT
    assert found.version == hashlib.sha256(TEXT).hexdigest()[:12]
    assert found.layer.endswith(":1")


def test_no_credentials_are_sent_to_the_address_of_the_layer() -> None:
    """The download is a plain GET without a signature of ours: the address is the permission."""
    stand_in = Lambda([WITH_FILE])
    with deployed(stand_in) as stack:
        read_deployed(stack)
    [headers] = [headers for path, headers in stand_in.requests if path.startswith("/zip/")]
    assert not {each.lower() for each in headers} & {"authorization", "x-amz-security-token"}


def test_of_two_layers_with_the_file_the_last_one_counts() -> None:
    """Lambda unpacks layers in order, so the last one's file is the one that runs."""
    with deployed(Lambda([layer(destination_json=b"first"), WITH_FILE, CODE])) as stack:
        assert read_deployed(stack).content == TEXT


def test_the_variable_names_the_file() -> None:
    """Another stage has another file; its name is in the function's environment."""
    stage = {"Environment": {"Variables": {"DESTINATION_FILE": "/opt/prod.json"}}}
    packed = layer(destination_json=b"other", prod_json=TEXT)
    with deployed(Lambda([packed], configuration=stage)) as stack:
        assert read_deployed(stack).content == TEXT


def test_a_large_layer_is_not_fetched() -> None:
    """The layer of the code, which is larger than any destination's, is passed over."""
    stand_in = Lambda([WITH_FILE, CODE])
    sizes = [
        {"Arn": f"arn:aws:lambda:eu-west-1:1:layer:l:{n}", "CodeSize": n * 10**8} for n in (0, 1)
    ]
    stand_in.configuration = {"Layers": sizes}
    with deployed(stand_in) as stack:
        assert read_deployed(stack).content == TEXT
    assert not [path for path, _ in stand_in.requests if path.startswith("/zip/1")]


@pytest.mark.parametrize(
    ("stand_in", "said"),
    [
        (Lambda([CODE]), "no layer of IngestFunction has the file /opt/destination.json"),
        (Lambda([]), "no layer of IngestFunction has the file /opt/destination.json"),
        (Lambda([b"no zip"]), "can't be read: it is not a zip file"),
        (Lambda([WITH_FILE[:-9]]), "can't be read: it is not a zip file"),
        (Lambda([WITH_FILE], status=403), "can't be read: the answer is HTTP 403"),
        (Lambda([WITH_FILE], status=302), "can't be read: the answer is HTTP 302"),
        (Lambda([WITH_FILE], content={"CodeSha256": "other"}), "not what AWS announced"),
        (Lambda([WITH_FILE], content={"Location": "http://e.example/x?Signature=1"}), "not https"),
        (Lambda([WITH_FILE], content={"Location": "file:///etc/passwd"}), "not https"),
        (Lambda([WITH_FILE], configuration={"Environment": {}}), "no variable DESTINATION_FILE"),
        (
            Lambda(
                [WITH_FILE],
                configuration={"Environment": {"Variables": {"DESTINATION_FILE": "/var/x"}}},
            ),
            "no variable DESTINATION_FILE",
        ),
        (Lambda([WITH_FILE], refused="configuration"), "GetFunctionConfiguration: AccessDenied"),
        (Lambda([WITH_FILE], refused="layers"), "GetLayerVersionByArn: AccessDenied"),
    ],
    ids=[
        *("another layer", "no layer", "no zip", "cut off", "refused", "redirected", "changed"),
        *("plain http", "a file", "no variable", "elsewhere", "function", "layer"),
    ],
)
def test_what_can_not_be_read_is_one_line(
    stand_in: Lambda, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each failure ends the command with exit code 3 and one line, without the signed address."""
    assert said in refusal(stand_in, capsys)


def test_a_layer_that_is_larger_than_announced_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large the file at the address is, so much is read at most."""
    monkeypatch.setattr(deployed_module, "MAX_LAYER_BYTES", len(WITH_FILE) - 1)
    sizes = [{"Arn": "arn:aws:lambda:eu-west-1:1:layer:l:0", "CodeSize": 1}]
    stand_in = Lambda([WITH_FILE], configuration={"Layers": sizes})
    assert f"more than {len(WITH_FILE) - 1} bytes" in refusal(stand_in, capsys)


def test_a_file_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small zip that holds a large file is read to the limit only."""
    monkeypatch.setattr(deployed_module, "MAX_FILE_BYTES", 1000)
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        file_in_layer(layer(destination_json=b" " * 1001), "destination.json")


def test_any_bytes_are_a_layer_or_are_refused() -> None:
    """A zip with any byte changed gives the file, nothing, or a ValueError with a sentence."""
    for place in range(len(WITH_FILE)):
        damaged = bytearray(WITH_FILE)
        damaged[place] ^= 0xFF
        try:
            found = file_in_layer(bytes(damaged), "destination.json")
        except ValueError as error:
            assert str(error)  # noqa: PT017 — either of two ends is right
        else:
            assert found in {TEXT, None} or len(found or b"") == len(TEXT)


def test_a_name_with_a_folder_before_it_is_found() -> None:
    """A zip may name its files from the current folder."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("./destination.json", TEXT)
    assert file_in_layer(packed.getvalue(), "destination.json") == TEXT


def test_an_address_that_nobody_answers_at_is_said_without_the_address() -> None:
    """A connection that fails is named by its kind only, since the address holds a signature."""
    with pytest.raises(DownloadFailed) as caught:
        download("http://127.0.0.1:9/x?X-Amz-Signature=s", 10)
    assert str(caught.value) == "EndpointConnectionError"
