from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Frame(_message.Message):
    __slots__ = ("epoch", "topic", "seq", "prev_seq", "kind", "feed")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[Frame.Kind]
        SNAPSHOT: _ClassVar[Frame.Kind]
        DELTA: _ClassVar[Frame.Kind]
        HEARTBEAT: _ClassVar[Frame.Kind]
    KIND_UNSPECIFIED: Frame.Kind
    SNAPSHOT: Frame.Kind
    DELTA: Frame.Kind
    HEARTBEAT: Frame.Kind
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    PREV_SEQ_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    FEED_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    topic: str
    seq: int
    prev_seq: int
    kind: Frame.Kind
    feed: bytes
    def __init__(self, epoch: _Optional[str] = ..., topic: _Optional[str] = ..., seq: _Optional[int] = ..., prev_seq: _Optional[int] = ..., kind: _Optional[_Union[Frame.Kind, str]] = ..., feed: _Optional[bytes] = ...) -> None: ...
