"""Writes the Python source of a UPER decoder from a schema: straight lines, one function for a message or a shape.

Neighbouring fields of fixed size are read as one chunk; a field is then a shift and a mask with constants, or where
there are many, one of the numbers that ``struct`` makes of the chunk (``uper_lanes``).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from struct import Struct
from typing import Any, Final, assert_never

from v2x.its.uper_lanes import Lanes, lanes_of
from v2x.its.uper_shape import OCTET_BITS
from v2x.its.uper_types import (
    BitString,
    Boolean,
    Choice,
    Component,
    Enumerated,
    Integer,
    OctetString,
    Sequence,
    SequenceOf,
    Text,
    Type,
)

_CHUNK_BITS: Final = 512
"""Longer integers would begin to cost."""
_CAREFUL_CHUNK_BITS: Final = 360
"""The careful form looks at every field of a chunk once the whole chunk is there: this tells which error is named."""
_TABLE_BITS: Final = 12
"""Numbers with bounds, names and bit strings up to this size are looked up in a tuple of all their values."""
_SHORTEST_EXTENDED_INTEGER_BITS: Final = 16
_FEWEST_GROUPED: Final = 3
"""From this many optional components at the end of a SEQUENCE on, one test skips them all."""
_TOKEN: Final = re.compile(r"@(\d+):(\d+):(\d+)@")


def guarded(body: str) -> str:
    """Return the source of ``decode(uper)`` around a body: what that notices to be wrong, ``fallback`` tells."""
    return f"def decode(uper):\n    try:\n{body}    except (ValueError, IndexError):\n        return fallback(uper)\n"


class SourceWriter:
    """Writes the source of one decoder, in the fast or in the careful form, for all shapes or for one."""

    def __init__(
        self, *, names: dict[str, Any], is_careful: bool = False, assumed: tuple[int, int] | None = None
    ) -> None:
        """Write into ``names`` the constants that the source uses; ``assumed`` is an octet's number and content."""
        self._is_careful = is_careful
        self._chunk_bits = _CAREFUL_CHUNK_BITS if is_careful else _CHUNK_BITS
        self._assumed = assumed
        self._names = names
        self._constants: dict[object, str] = names.setdefault("constants", {})
        self._numbers: Iterator[int] = names.setdefault("numbers", count())
        self._lines: list[str] = []
        self._depth = 1 if assumed else 2
        self._offset: int | None = 0
        self._widths: list[int] = []
        self._forbidden: dict[int, list[int]] = {}
        self._lanes: dict[int, Lanes | None] = {}
        self._is_open = False
        self._is_headed = False
        self._variables = 0

    def function(self, schema: Type) -> str:
        """Return the source of ``decode(uper)``; that for one shape leaves the errors to its caller."""
        self._line("n = from_bytes(uper, 'big'); left = len(uper) * 8")
        result = self._variable(self._read(schema, "message"))
        self._close()
        if self._is_careful:
            self._line("end_of_message(n, left)")
        else:
            # An index past the table is a byte too many; a negative shift has already ended what is too short.
            self._line(f"if n & {self._table(*((1 << bits) - 1 for bits in range(8)))}[left]: raise IndexError")
        self._line(f"return {result}")
        body = "\n".join(self._lines)
        self._lay_out(body)
        body = _TOKEN.sub(self._field, body) + "\n"
        return f"def decode(uper):\n{body}" if self._assumed else guarded(body)

    # How bits are taken.

    def _take(self, bits: int) -> str:
        """Read ``bits`` in the chunk that is open and return a place holder for their value."""
        if not bits:
            return "0"
        if self._offset is not None:
            self._offset += bits
        if self._is_open and self._widths[-1] + bits > self._chunk_bits:
            self._close()
        if not self._is_open:
            self._is_open = True
            self._is_headed = self._is_headed or self._offset == bits
            self._widths.append(0)
            self._lines.append(f"@{len(self._widths) - 1}:{self._depth}:0@")
        start = self._widths[-1]
        self._widths[-1] += bits
        return f"@{len(self._widths) - 1}:{start}:{bits}@"

    def _decision(self, bits: int) -> str:
        """Read bits that tell the shape: their value, where the shape is known, or a place holder."""
        start, taken = self._offset, self._take(bits)
        if self._assumed is None or start is None:
            return taken
        octet, content = self._assumed
        after = (octet + 1) * OCTET_BITS - start - bits
        is_known = bits and 0 <= after <= OCTET_BITS - bits
        return str(content >> after & ((1 << bits) - 1)) if is_known else taken

    def _close(self) -> None:
        """End the chunk: what follows is read after its last bit."""
        self._is_open = False

    def _lay_out(self, body: str) -> None:
        """Decide which chunks are read in lanes."""
        if self._is_careful:
            return
        used: dict[int, set[tuple[int, int]]] = {}
        for chunk, start, bits in (map(int, match.groups()) for match in _TOKEN.finditer(body)):
            if bits:
                used.setdefault(chunk, set()).add((self._widths[chunk] - start - bits, bits))
        self._lanes = {chunk: lanes_of(fields, self._widths[chunk]) for chunk, fields in used.items()}

    def _field(self, match: re.Match[str]) -> str:
        """The expression of a field, or (no bits) the lines that read its chunk."""
        chunk, start, bits = (int(group) for group in match.groups())
        width = self._widths[chunk]
        if not bits:
            return self._chunk(chunk, "    " * start)
        shift, mask = width - start - bits, (1 << bits) - 1
        lanes = self._lanes.get(chunk)
        if lanes and (shift, bits) in lanes.fields:
            return f"f{chunk}_{lanes.fields.index((shift, bits))}"
        if not start:
            return f"(c{chunk} >> {shift})" if shift else f"c{chunk}"
        return f"(c{chunk} >> {shift} & {mask:#x})" if shift else f"(c{chunk} & {mask:#x})"

    def _chunk(self, chunk: int, indent: str) -> str:
        width = self._widths[chunk]
        # Nothing stands before the head of a message that would have to be masked.
        before = "" if self._is_headed and not chunk else f" & {(1 << width) - 1:#x}"
        lines = [f"left -= {width}; c{chunk} = n >> left{before}"]
        mask = sum(1 << (width - start - 1) for start in self._forbidden.get(chunk, ()))
        if mask:
            lines.append(f"if c{chunk} & {mask:#x}: raise IndexError")
        lanes = self._lanes.get(chunk)
        if lanes:
            lines.append("; ".join([f"x = c{chunk}", *(f"x |= x << {shift}" for shift in lanes.shifts)]))
            values = ", ".join(f"f{chunk}_{number}" for number in range(len(lanes.fields)))
            unpack = self._constant(lanes.layout, Struct(lanes.layout).unpack)
            lines.append(f"{values} = {unpack}((x & {lanes.mask:#x}).to_bytes({lanes.octets}, 'little'))")
        return f"\n{indent}".join([indent + lines[0], *lines[1:]])

    # How lines are written.

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def _variable(self, expression: str) -> str:
        self._variables += 1
        self._line(f"v{self._variables} = {expression}")
        return f"v{self._variables}"

    def _table(self, *values: object) -> str:
        """The name of a constant tuple."""
        return self._constant(values, values)

    def _constant(self, key: object, value: object) -> str:
        """The name of a constant; the decoders of all shapes share it."""
        name = self._constants.setdefault(key, f"k{next(self._numbers)}")
        self._names[name] = value
        return name

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._close()
        self._offset = None
        self._line(head)
        self._depth += 1
        yield
        self._close()
        self._depth -= 1

    def _checked(self, bits: str, largest: int, name: str) -> str:
        """A raw number that must not pass ``largest``; no check is written where its bits can not."""
        width = int(bits.strip("@").rpartition(":")[2])
        if largest == (1 << width) - 1:
            return bits
        raw = self._variable(bits)
        self._line(f"if {raw} > {largest}: " + self._refusal(f"refuse_value({name!r}, {raw})"))
        return raw

    def _refusal(self, call: str) -> str:
        return call if self._is_careful else "raise IndexError"

    def _no_extension(self, name: str) -> None:
        bit = self._take(1)
        if self._is_careful:
            self._line(f"if {bit}: refuse_extension({name!r})")
        else:
            chunk, start, _ = bit.strip("@").split(":")
            self._forbidden.setdefault(int(chunk), []).append(int(start))

    def _of_table(self, raw: str, name: str, *values: object) -> str:
        """One of a few values; the fast form lets the tuple notice a number past its end."""
        raw = self._checked(raw, len(values) - 1, name) if self._is_careful else raw
        return f"{self._table(*values)}[{raw}]"

    # One method for each type: writes what is needed before, returns the expression of the value.

    def _read(self, kind: Type, name: str) -> str:  # noqa: PLR0911  one line for each type
        match kind:
            case Integer():
                return self._extensible_integer(kind, name) if kind.is_extensible else self._integer(kind, name)
            case Boolean():
                return f"{self._take(1)} == 1"
            case Enumerated():
                return self._enumerated(kind, name)
            case BitString():
                return self._bit_string(kind, name)
            case OctetString():
                return self._call(f"read_octets(n, left, {self._size(kind, name)})")
            case Text():
                return self._text(kind, name)
            case SequenceOf():
                return self._sequence_of(kind, name)
            case Sequence():
                return self._sequence(kind, name)
            case Choice():
                return self._choice(kind, name)
        assert_never(kind)

    def _integer(self, kind: Integer, name: str) -> str:
        span = kind.high - kind.low
        return self._number(self._take(span.bit_length()), kind, name)

    def _number(self, raw: str, kind: Integer, name: str) -> str:
        span = kind.high - kind.low
        is_whole = span & (span + 1) == 0
        if not is_whole and span.bit_length() <= _TABLE_BITS:
            return self._of_table(raw, name, *range(kind.low, kind.high + 1))
        raw = self._checked(raw, span, name)
        return raw if not kind.low else f"{raw} {'+' if kind.low > 0 else '-'} {abs(kind.low)}"

    def _extensible_integer(self, kind: Integer, name: str) -> str:
        bits = (kind.high - kind.low).bit_length()
        assert bits <= _SHORTEST_EXTENDED_INTEGER_BITS  # noqa: S101  a wider one could refuse a short extended form
        if self._is_open and self._widths[-1] + 1 + bits > self._chunk_bits:
            self._close()
        beyond, root = self._take(1), self._take(bits)
        self._variables += 1
        result = f"v{self._variables}"
        with self._block(f"if {beyond}:"):
            # The chunk has read the bits of a number in range; they are given back.
            bounds = (kind.low, kind.high)
            self._line(f"{result}, left = read_extended_integer(n, left + {bits}, {bounds}, {name!r})")
        with self._block("else:"):
            self._line(f"{result} = {self._number(root, kind, name)}")
        return result

    def _enumerated(self, kind: Enumerated, name: str) -> str:
        if kind.extensions:
            return self._extended_enumerated(kind, name)
        if kind.is_extensible:
            self._no_extension(name)
        return self._of_table(self._take((len(kind.names) - 1).bit_length()), name, *kind.names)

    def _extended_enumerated(self, kind: Enumerated, name: str) -> str:
        beyond = self._take(1)
        result = self._variable("None")
        with self._block(f"if {beyond}:"):
            # A normally small number (X.691 §11.6) is a zero bit and six bits: seven bits whose top one is zero.
            self._line(f"{result} = {self._of_table(self._take(7), name, *kind.extensions)}")
        with self._block("else:"):
            root = self._take((len(kind.names) - 1).bit_length())
            self._line(f"{result} = {self._of_table(root, name, *kind.names)}")
        return result

    def _size(self, kind: BitString | OctetString | Text | SequenceOf, name: str) -> str:
        """The number of elements; reading goes on after it."""
        size = self._integer(Integer(low=kind.low, high=kind.high), name)
        self._close()
        return size

    def _call(self, call: str) -> str:
        """Let a reader of ``uper_read`` go on from here; it returns its value and the bits left."""
        self._close()
        self._offset = None
        self._variables += 1
        self._line(f"v{self._variables}, left = {call}")
        return f"v{self._variables}"

    def _bit_string(self, kind: BitString, name: str) -> str:
        if kind.low == kind.high <= _TABLE_BITS:
            texts = (format(value, f"0{kind.low}b") for value in range(1 << kind.low))
            return f"{self._table(*texts)}[{self._take(kind.low)}]"
        return self._call(f"read_bits(n, left, {self._size(kind, name)})")

    def _text(self, kind: Text, name: str) -> str:
        if not kind.alphabet:
            return self._call(f"read_utf8(n, left, {(kind.low, kind.high)}, {name!r})")
        size = self._size(kind, name)
        return self._call(f"read_characters(n, left, {size}, {self._table(kind.alphabet)}[0])")

    def _sequence_of(self, kind: SequenceOf, name: str) -> str:
        count = self._extensible_count(kind, name) if kind.is_extensible else self._size(kind, name)
        items = self._variable("[]")
        with self._block(f"for _ in range({count}):"):
            self._line(f"{items}.append({self._read(kind.element, name)})")
        return items

    def _extensible_count(self, kind: SequenceOf, name: str) -> str:
        beyond = self._take(1)
        result = self._variable("0")
        with self._block(f"if {beyond}:"):
            self._line(f"{result}, left = read_extended_size(n, left, {kind.high}, {name!r})")
        with self._block("else:"):
            self._line(f"{result} = {self._size(kind, name)}")
        return result

    def _sequence(self, kind: Sequence, name: str) -> str:
        if kind.is_extensible:
            self._no_extension(name)
        present = {key: self._decision(1) for key, part in kind.components.items() if part.has_presence_bit}
        keys = [key for key in kind.components if present.get(key) != "0"]
        first = next((number for number, key in enumerate(keys) if present.get(key, "1") != "1"), len(keys))
        literal = ", ".join(f"{key!r}: {self._component(kind.components[key], key)}" for key in keys[:first])
        if first == len(keys):
            return f"{{{literal}}}"
        result = self._variable(f"{{{literal}}}")
        group = self._group([present.get(key) for key in keys[first:]])
        if group:
            with self._block(f"if {group}:"):
                self._rest(kind, keys[first:], present, result)
        else:
            self._rest(kind, keys[first:], present, result)
        return result

    def _component(self, part: Component, key: str) -> str:
        """A component that is there."""
        value = self._read(part.type, key)
        if part.default is not None:
            # The canonical form leaves the default value out.
            value = self._variable(value)
            self._line(f"if {value} == {part.default}: " + self._refusal(f"refuse_value({key!r}, {part.default})"))
        return value

    def _group(self, bits: list[str | None]) -> str:
        """One place holder for the presence bits of all these components, where that is possible and worth it."""
        if self._is_careful or len(bits) < _FEWEST_GROUPED:
            return ""
        places = [bit.strip("@").split(":") for bit in bits if bit is not None and bit != "1"]
        is_together = len(places) == len(bits) and len({chunk for chunk, _, _ in places}) == 1
        return f"@{places[0][0]}:{places[0][1]}:{len(places)}@" if is_together else ""

    def _rest(self, kind: Sequence, keys: list[str], present: dict[str, str], result: str) -> None:
        """Components from the first optional one on."""
        for key in keys:
            part = kind.components[key]
            if present.get(key, "1") == "1":
                self._line(f"{result}[{key!r}] = {self._component(part, key)}")
                continue
            with self._block(f"if {present[key]}:"):
                self._line(f"{result}[{key!r}] = {self._component(part, key)}")

    def _chosen(self, kind: Choice, index: int) -> str:
        """A choice that needs no test."""
        if index >= len(kind.alternatives):
            self._line("raise IndexError")
            return "None"
        key = list(kind.alternatives)[index]
        return f"{{{key!r}: {self._read(kind.alternatives[key], key)}}}"

    def _choice(self, kind: Choice, name: str) -> str:
        if kind.is_extensible:
            self._no_extension(name)
        largest = len(kind.alternatives) - 1
        chosen = self._decision(largest.bit_length())
        if chosen.isdecimal() and not self._is_careful:
            return self._chosen(kind, int(chosen))
        index = self._variable(self._checked(chosen, largest, name))
        result = self._variable("None")
        for number, (key, alternative) in enumerate(kind.alternatives.items()):
            with self._block(f"{'elif' if number else 'if'} {index} == {number}:"):
                self._line(f"{result} = {{{key!r}: {self._read(alternative, key)}}}")
        return result
