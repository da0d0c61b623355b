"""The solver's own process: reads problems from standard input, writes routes to standard output, until it ends."""

import pickle
import struct
import sys
from typing import BinaryIO

HEADER = struct.Struct(">I")
"""Length of the pickle that follows."""


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one problem after the other; returns when ``source`` ends or nobody reads ``sink`` any more."""
    from dispatch.routing import Effort, solve  # noqa: PLC0415 - the parent imports this file for its header only

    while len(head := source.read(HEADER.size)) == HEADER.size:
        (size,) = HEADER.unpack(head)
        problem, time_limit_ms = pickle.loads(source.read(size))  # noqa: S301 - written by our parent process
        answer = pickle.dumps(solve(problem, Effort(time_limit_ms=time_limit_ms)))
        try:
            sink.write(HEADER.pack(len(answer)) + answer)
            sink.flush()
        except BrokenPipeError:
            return


if __name__ == "__main__":
    # Unbuffered: nothing is left to be flushed into a closed pipe at the end.
    serve(sys.stdin.buffer, open(sys.stdout.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115
