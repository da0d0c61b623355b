from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODE_UNKNOWN: _ClassVar[Mode]
    MODE_MANUAL: _ClassVar[Mode]
    MODE_ASSISTED: _ClassVar[Mode]
    MODE_AUTOMATED: _ClassVar[Mode]
    MODE_MINIMAL_RISK: _ClassVar[Mode]

class Doors(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DOORS_UNKNOWN: _ClassVar[Doors]
    DOORS_CLOSED: _ClassVar[Doors]
    DOORS_OPEN: _ClassVar[Doors]
    DOORS_RAMP_OUT: _ClassVar[Doors]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNKNOWN: _ClassVar[Reason]
    REASON_UNSUPPORTED_PROTOCOL: _ClassVar[Reason]
    REASON_BAD_TOKEN: _ClassVar[Reason]
    REASON_VEHICLE_MISMATCH: _ClassVar[Reason]
    REASON_REPLACED: _ClassVar[Reason]
    REASON_READ_ONLY: _ClassVar[Reason]
    REASON_NO_HELLO: _ClassVar[Reason]
    REASON_SHUTTING_DOWN: _ClassVar[Reason]
MODE_UNKNOWN: Mode
MODE_MANUAL: Mode
MODE_ASSISTED: Mode
MODE_AUTOMATED: Mode
MODE_MINIMAL_RISK: Mode
DOORS_UNKNOWN: Doors
DOORS_CLOSED: Doors
DOORS_OPEN: Doors
DOORS_RAMP_OUT: Doors
REASON_UNKNOWN: Reason
REASON_UNSUPPORTED_PROTOCOL: Reason
REASON_BAD_TOKEN: Reason
REASON_VEHICLE_MISMATCH: Reason
REASON_REPLACED: Reason
REASON_READ_ONLY: Reason
REASON_NO_HELLO: Reason
REASON_SHUTTING_DOWN: Reason

class Range(_message.Message):
    __slots__ = ("first", "last")
    FIRST_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    first: int
    last: int
    def __init__(self, first: _Optional[int] = ..., last: _Optional[int] = ...) -> None: ...

class ClientFrame(_message.Message):
    __slots__ = ("hello", "batch", "ping")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    batch: Batch
    ping: Ping
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., batch: _Optional[_Union[Batch, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("vehicle_id", "token", "boot_id", "protocol", "holdings")
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    HOLDINGS_FIELD_NUMBER: _ClassVar[int]
    vehicle_id: str
    token: str
    boot_id: str
    protocol: int
    holdings: _containers.RepeatedCompositeFieldContainer[Holding]
    def __init__(self, vehicle_id: _Optional[str] = ..., token: _Optional[str] = ..., boot_id: _Optional[str] = ..., protocol: _Optional[int] = ..., holdings: _Optional[_Iterable[_Union[Holding, _Mapping]]] = ...) -> None: ...

class Holding(_message.Message):
    __slots__ = ("boot_id", "first_seq", "last_seq")
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    boot_id: str
    first_seq: int
    last_seq: int
    def __init__(self, boot_id: _Optional[str] = ..., first_seq: _Optional[int] = ..., last_seq: _Optional[int] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ("boot_id", "first_seq", "samples", "crc32c")
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    FIRST_SEQ_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    boot_id: str
    first_seq: int
    samples: _containers.RepeatedScalarFieldContainer[bytes]
    crc32c: int
    def __init__(self, boot_id: _Optional[str] = ..., first_seq: _Optional[int] = ..., samples: _Optional[_Iterable[bytes]] = ..., crc32c: _Optional[int] = ...) -> None: ...

class Ping(_message.Message):
    __slots__ = ("sent_ms",)
    SENT_MS_FIELD_NUMBER: _ClassVar[int]
    sent_ms: int
    def __init__(self, sent_ms: _Optional[int] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("device_time_ms", "latitude_e7", "longitude_e7", "speed_mmps", "bearing_mdeg", "mode", "doors", "passengers", "wheelchairs", "battery_ppm", "odometer_cm", "trip")
    DEVICE_TIME_MS_FIELD_NUMBER: _ClassVar[int]
    LATITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_E7_FIELD_NUMBER: _ClassVar[int]
    SPEED_MMPS_FIELD_NUMBER: _ClassVar[int]
    BEARING_MDEG_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    DOORS_FIELD_NUMBER: _ClassVar[int]
    PASSENGERS_FIELD_NUMBER: _ClassVar[int]
    WHEELCHAIRS_FIELD_NUMBER: _ClassVar[int]
    BATTERY_PPM_FIELD_NUMBER: _ClassVar[int]
    ODOMETER_CM_FIELD_NUMBER: _ClassVar[int]
    TRIP_FIELD_NUMBER: _ClassVar[int]
    device_time_ms: int
    latitude_e7: int
    longitude_e7: int
    speed_mmps: int
    bearing_mdeg: int
    mode: Mode
    doors: Doors
    passengers: int
    wheelchairs: int
    battery_ppm: int
    odometer_cm: int
    trip: TripLogOn
    def __init__(self, device_time_ms: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ..., speed_mmps: _Optional[int] = ..., bearing_mdeg: _Optional[int] = ..., mode: _Optional[_Union[Mode, str]] = ..., doors: _Optional[_Union[Doors, str]] = ..., passengers: _Optional[int] = ..., wheelchairs: _Optional[int] = ..., battery_ppm: _Optional[int] = ..., odometer_cm: _Optional[int] = ..., trip: _Optional[_Union[TripLogOn, _Mapping]] = ...) -> None: ...

class TripLogOn(_message.Message):
    __slots__ = ("trip_id", "start_date")
    TRIP_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    trip_id: str
    start_date: int
    def __init__(self, trip_id: _Optional[str] = ..., start_date: _Optional[int] = ...) -> None: ...

class ServerFrame(_message.Message):
    __slots__ = ("welcome", "ack", "resume", "pong", "goodbye")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    GOODBYE_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    ack: Ack
    resume: Resume
    pong: Pong
    goodbye: Goodbye
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., goodbye: _Optional[_Union[Goodbye, _Mapping]] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("boots", "now_ms")
    BOOTS_FIELD_NUMBER: _ClassVar[int]
    NOW_MS_FIELD_NUMBER: _ClassVar[int]
    boots: _containers.RepeatedCompositeFieldContainer[Resume]
    now_ms: int
    def __init__(self, boots: _Optional[_Iterable[_Union[Resume, _Mapping]]] = ..., now_ms: _Optional[int] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("boot_id", "next_seq", "missing", "kept")
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    NEXT_SEQ_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    boot_id: str
    next_seq: int
    missing: _containers.RepeatedCompositeFieldContainer[Range]
    kept: _containers.RepeatedCompositeFieldContainer[Range]
    def __init__(self, boot_id: _Optional[str] = ..., next_seq: _Optional[int] = ..., missing: _Optional[_Iterable[_Union[Range, _Mapping]]] = ..., kept: _Optional[_Iterable[_Union[Range, _Mapping]]] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("boot_id", "through_seq", "ranges", "rejected")
    BOOT_ID_FIELD_NUMBER: _ClassVar[int]
    THROUGH_SEQ_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    boot_id: str
    through_seq: int
    ranges: _containers.RepeatedCompositeFieldContainer[Range]
    rejected: _containers.RepeatedCompositeFieldContainer[Rejection]
    def __init__(self, boot_id: _Optional[str] = ..., through_seq: _Optional[int] = ..., ranges: _Optional[_Iterable[_Union[Range, _Mapping]]] = ..., rejected: _Optional[_Iterable[_Union[Rejection, _Mapping]]] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("seq", "reason")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    seq: int
    reason: str
    def __init__(self, seq: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ("ping_sent_ms", "received_ms", "sent_ms")
    PING_SENT_MS_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_MS_FIELD_NUMBER: _ClassVar[int]
    SENT_MS_FIELD_NUMBER: _ClassVar[int]
    ping_sent_ms: int
    received_ms: int
    sent_ms: int
    def __init__(self, ping_sent_ms: _Optional[int] = ..., received_ms: _Optional[int] = ..., sent_ms: _Optional[int] = ...) -> None: ...

class Goodbye(_message.Message):
    __slots__ = ("reason",)
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: Reason
    def __init__(self, reason: _Optional[_Union[Reason, str]] = ...) -> None: ...
