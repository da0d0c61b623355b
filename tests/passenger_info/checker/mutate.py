"""Breaking a message at random: any field of any part is cleared, changed, doubled, dropped or swapped."""

import random
from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

NUMBERS = (0, 1, 2, 3, 4, 9, 60, 1_000_000_000, 1_760_421_900, 1_760_421_900_000, 2**31 - 1)
FLOATS = (0.0, 1.0, 50.685, 10.93, -0.1, 45.0, 90.5, 181.0, -400.0, 361.0)
TEXTS = ("", "ghost", "D", "E", "D1", "D2", "LOOP", "OFTEN", "EXACT", "BARE", "station", "market", "hub", "bus-1")
TIMES = ("08:00:00", "8:5:0", "29:59:59", "30:00:00", "20251014", "20251314", "2.0", "1.0", "x")


def mutated(message: Message, seed: int) -> None:
    """Change one thing."""
    chance = random.Random(seed)
    parts = list(_parts(message))
    part = chance.choice(parts)
    field = chance.choice([f for f in part.DESCRIPTOR.fields if not f.is_extension])
    if field.is_repeated:
        _change_list(getattr(part, field.name), field, chance)
    elif field.message_type is not None:
        if part.HasField(field.name) and chance.random() < 0.7:
            part.ClearField(field.name)
        else:
            getattr(part, field.name).SetInParent()
    elif part.HasField(field.name) and chance.random() < 0.3:
        part.ClearField(field.name)
    else:
        setattr(part, field.name, _value(getattr(part, field.name), field, chance))


def _parts(message: Message) -> Iterator[Message]:
    yield message
    for field, value in message.ListFields():
        if field.message_type is not None:
            for each in value if field.is_repeated else (value,):
                yield from _parts(each)


def _change_list(values: Any, field: FieldDescriptor, chance: random.Random) -> None:
    if not values:
        if field.message_type is not None:
            values.add()
        return
    one, other = chance.randrange(len(values)), chance.randrange(len(values))
    kind = chance.choice(("drop", "double", "swap"))
    if kind == "drop":
        del values[one]
    elif field.message_type is None:
        values.append(values[one])
    elif kind == "double":
        values.add().CopyFrom(values[one])
    else:
        kept = type(values[one])()
        kept.CopyFrom(values[one])
        values[one].CopyFrom(values[other])
        values[other].CopyFrom(kept)


def _value(value: Any, field: FieldDescriptor, chance: random.Random) -> Any:
    if field.enum_type is not None:
        return chance.choice(field.enum_type.values).number
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return chance.choice((*TEXTS, *TIMES))
    if isinstance(value, float):
        return chance.choice((*FLOATS, value + 0.001, value - 0.003))
    unsigned = field.cpp_type in (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)
    wide = field.cpp_type in (FieldDescriptor.CPPTYPE_UINT64, FieldDescriptor.CPPTYPE_INT64)
    changed = chance.choice((*NUMBERS, value + 1, value - 1, value + 70, value + 3600, -1))
    if unsigned and changed < 0:
        changed = 2**64 - 1 if wide else 2**32 - 1
    return changed if wide else min(changed, 2**32 - 1 if unsigned else 2**31 - 1)
