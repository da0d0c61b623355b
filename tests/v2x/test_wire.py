import subprocess
import sys
from pathlib import Path

from v2x import wire_pb2 as wire
from v2x.goodbye import BY_NUMBER

ROOT = Path(__file__).parents[2]


def test_the_generated_code_is_what_the_protocol_file_generates(tmp_path: Path) -> None:
    protoc = [sys.executable, "-m", "grpc_tools.protoc", "-I.", f"--python_out={tmp_path}", f"--pyi_out={tmp_path}"]
    subprocess.run([*protoc, "v2x/wire.proto"], cwd=ROOT, check=True)
    for name in ("wire_pb2.py", "wire_pb2.pyi"):
        assert (tmp_path / "v2x" / name).read_text() == (ROOT / "v2x" / name).read_text()


def test_numbers_are_kept_free_in_both_directions() -> None:
    for message, free in ((wire.ClientFrame, range(4, 10)), (wire.ServerFrame, range(8, 10))):
        used = {field.number for field in message.DESCRIPTOR.fields}
        assert used.isdisjoint(free)
        assert message.DESCRIPTOR.oneofs_by_name["content"] is not None


def test_goodbye_reasons_have_the_numbers_of_the_protocol_file() -> None:
    names = [value.name for value in wire.Reason.DESCRIPTOR.values]
    assert names == [f"REASON_{reason.name}" for reason in BY_NUMBER]
