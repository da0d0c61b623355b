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

class Light(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LIGHT_UNKNOWN: _ClassVar[Light]
    LIGHT_DAYTIME_RUNNING: _ClassVar[Light]
    LIGHT_LOW_BEAM: _ClassVar[Light]
    LIGHT_HIGH_BEAM: _ClassVar[Light]
    LIGHT_LEFT_INDICATOR: _ClassVar[Light]
    LIGHT_RIGHT_INDICATOR: _ClassVar[Light]
    LIGHT_HAZARD: _ClassVar[Light]
    LIGHT_BRAKE: _ClassVar[Light]
    LIGHT_REVERSE: _ClassVar[Light]
    LIGHT_FOG: _ClassVar[Light]

class IncidentKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INCIDENT_KIND_UNKNOWN: _ClassVar[IncidentKind]
    INCIDENT_KIND_INTERVENTION: _ClassVar[IncidentKind]
    INCIDENT_KIND_CONFLICT: _ClassVar[IncidentKind]
    INCIDENT_KIND_EVASION: _ClassVar[IncidentKind]
    INCIDENT_KIND_DISTURBANCE: _ClassVar[IncidentKind]

class ManoeuvreKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MANOEUVRE_KIND_UNKNOWN: _ClassVar[ManoeuvreKind]
    MANOEUVRE_KIND_PASS_OBSTACLE: _ClassVar[ManoeuvreKind]
    MANOEUVRE_KIND_CROSS_SOLID_LINE: _ClassVar[ManoeuvreKind]
    MANOEUVRE_KIND_REVERSE: _ClassVar[ManoeuvreKind]
    MANOEUVRE_KIND_UNCLEAR_RIGHT_OF_WAY: _ClassVar[ManoeuvreKind]
    MANOEUVRE_KIND_RESUME_FROM_MINIMAL_RISK: _ClassVar[ManoeuvreKind]

class CommandState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COMMAND_STATE_UNKNOWN: _ClassVar[CommandState]
    COMMAND_STATE_RECEIVED: _ClassVar[CommandState]
    COMMAND_STATE_ACCEPTED: _ClassVar[CommandState]
    COMMAND_STATE_EXECUTED: _ClassVar[CommandState]
    COMMAND_STATE_REJECTED: _ClassVar[CommandState]

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNKNOWN: _ClassVar[Action]
    ACTION_RELEASE_MANOEUVRE: _ClassVar[Action]
    ACTION_REFUSE_MANOEUVRE: _ClassVar[Action]
    ACTION_STOP_AT_NEXT_SAFE_PLACE: _ClassVar[Action]
    ACTION_DEACTIVATE: _ClassVar[Action]
    ACTION_PROPOSE_ROUTE: _ClassVar[Action]
    ACTION_OPEN_SUPPORT_CALL: _ClassVar[Action]
    ACTION_ANNOUNCE: _ClassVar[Action]

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
LIGHT_UNKNOWN: Light
LIGHT_DAYTIME_RUNNING: Light
LIGHT_LOW_BEAM: Light
LIGHT_HIGH_BEAM: Light
LIGHT_LEFT_INDICATOR: Light
LIGHT_RIGHT_INDICATOR: Light
LIGHT_HAZARD: Light
LIGHT_BRAKE: Light
LIGHT_REVERSE: Light
LIGHT_FOG: Light
INCIDENT_KIND_UNKNOWN: IncidentKind
INCIDENT_KIND_INTERVENTION: IncidentKind
INCIDENT_KIND_CONFLICT: IncidentKind
INCIDENT_KIND_EVASION: IncidentKind
INCIDENT_KIND_DISTURBANCE: IncidentKind
MANOEUVRE_KIND_UNKNOWN: ManoeuvreKind
MANOEUVRE_KIND_PASS_OBSTACLE: ManoeuvreKind
MANOEUVRE_KIND_CROSS_SOLID_LINE: ManoeuvreKind
MANOEUVRE_KIND_REVERSE: ManoeuvreKind
MANOEUVRE_KIND_UNCLEAR_RIGHT_OF_WAY: ManoeuvreKind
MANOEUVRE_KIND_RESUME_FROM_MINIMAL_RISK: ManoeuvreKind
COMMAND_STATE_UNKNOWN: CommandState
COMMAND_STATE_RECEIVED: CommandState
COMMAND_STATE_ACCEPTED: CommandState
COMMAND_STATE_EXECUTED: CommandState
COMMAND_STATE_REJECTED: CommandState
ACTION_UNKNOWN: Action
ACTION_RELEASE_MANOEUVRE: Action
ACTION_REFUSE_MANOEUVRE: Action
ACTION_STOP_AT_NEXT_SAFE_PLACE: Action
ACTION_DEACTIVATE: Action
ACTION_PROPOSE_ROUTE: Action
ACTION_OPEN_SUPPORT_CALL: Action
ACTION_ANNOUNCE: Action
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
    __slots__ = ("sent_ms", "clock_offset_ms", "clock_error_ms", "round_trip_ms")
    SENT_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_MS_FIELD_NUMBER: _ClassVar[int]
    CLOCK_ERROR_MS_FIELD_NUMBER: _ClassVar[int]
    ROUND_TRIP_MS_FIELD_NUMBER: _ClassVar[int]
    sent_ms: int
    clock_offset_ms: int
    clock_error_ms: int
    round_trip_ms: int
    def __init__(self, sent_ms: _Optional[int] = ..., clock_offset_ms: _Optional[int] = ..., clock_error_ms: _Optional[int] = ..., round_trip_ms: _Optional[int] = ...) -> None: ...

class Sample(_message.Message):
    __slots__ = ("device_time_ms", "latitude_e7", "longitude_e7", "speed_mmps", "bearing_mdeg", "mode", "doors", "passengers", "wheelchairs", "battery_ppm", "odometer_cm", "trip", "extension")
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
    EXTENSION_FIELD_NUMBER: _ClassVar[int]
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
    extension: Extension
    def __init__(self, device_time_ms: _Optional[int] = ..., latitude_e7: _Optional[int] = ..., longitude_e7: _Optional[int] = ..., speed_mmps: _Optional[int] = ..., bearing_mdeg: _Optional[int] = ..., mode: _Optional[_Union[Mode, str]] = ..., doors: _Optional[_Union[Doors, str]] = ..., passengers: _Optional[int] = ..., wheelchairs: _Optional[int] = ..., battery_ppm: _Optional[int] = ..., odometer_cm: _Optional[int] = ..., trip: _Optional[_Union[TripLogOn, _Mapping]] = ..., extension: _Optional[_Union[Extension, _Mapping]] = ...) -> None: ...

class TripLogOn(_message.Message):
    __slots__ = ("trip_id", "start_date")
    TRIP_ID_FIELD_NUMBER: _ClassVar[int]
    START_DATE_FIELD_NUMBER: _ClassVar[int]
    trip_id: str
    start_date: int
    def __init__(self, trip_id: _Optional[str] = ..., start_date: _Optional[int] = ...) -> None: ...

class Extension(_message.Message):
    __slots__ = ("altitude_cm", "acceleration_long_mmps2", "acceleration_lat_mmps2", "roughness_mmps2", "supply_mv", "lights", "environment", "link", "system", "safety_systems", "incidents", "manoeuvre", "command_reports", "its_messages", "state_version", "goes_to_rest", "vin")
    ALTITUDE_CM_FIELD_NUMBER: _ClassVar[int]
    ACCELERATION_LONG_MMPS2_FIELD_NUMBER: _ClassVar[int]
    ACCELERATION_LAT_MMPS2_FIELD_NUMBER: _ClassVar[int]
    ROUGHNESS_MMPS2_FIELD_NUMBER: _ClassVar[int]
    SUPPLY_MV_FIELD_NUMBER: _ClassVar[int]
    LIGHTS_FIELD_NUMBER: _ClassVar[int]
    ENVIRONMENT_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    SYSTEM_FIELD_NUMBER: _ClassVar[int]
    SAFETY_SYSTEMS_FIELD_NUMBER: _ClassVar[int]
    INCIDENTS_FIELD_NUMBER: _ClassVar[int]
    MANOEUVRE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_REPORTS_FIELD_NUMBER: _ClassVar[int]
    ITS_MESSAGES_FIELD_NUMBER: _ClassVar[int]
    STATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    GOES_TO_REST_FIELD_NUMBER: _ClassVar[int]
    VIN_FIELD_NUMBER: _ClassVar[int]
    altitude_cm: int
    acceleration_long_mmps2: int
    acceleration_lat_mmps2: int
    roughness_mmps2: int
    supply_mv: int
    lights: Lights
    environment: Environment
    link: LinkReading
    system: SystemState
    safety_systems: _containers.RepeatedCompositeFieldContainer[SafetySystem]
    incidents: _containers.RepeatedCompositeFieldContainer[Incident]
    manoeuvre: ManoeuvreRequest
    command_reports: _containers.RepeatedCompositeFieldContainer[CommandReport]
    its_messages: _containers.RepeatedScalarFieldContainer[bytes]
    state_version: int
    goes_to_rest: bool
    vin: str
    def __init__(self, altitude_cm: _Optional[int] = ..., acceleration_long_mmps2: _Optional[int] = ..., acceleration_lat_mmps2: _Optional[int] = ..., roughness_mmps2: _Optional[int] = ..., supply_mv: _Optional[int] = ..., lights: _Optional[_Union[Lights, _Mapping]] = ..., environment: _Optional[_Union[Environment, _Mapping]] = ..., link: _Optional[_Union[LinkReading, _Mapping]] = ..., system: _Optional[_Union[SystemState, _Mapping]] = ..., safety_systems: _Optional[_Iterable[_Union[SafetySystem, _Mapping]]] = ..., incidents: _Optional[_Iterable[_Union[Incident, _Mapping]]] = ..., manoeuvre: _Optional[_Union[ManoeuvreRequest, _Mapping]] = ..., command_reports: _Optional[_Iterable[_Union[CommandReport, _Mapping]]] = ..., its_messages: _Optional[_Iterable[bytes]] = ..., state_version: _Optional[int] = ..., goes_to_rest: bool = ..., vin: _Optional[str] = ...) -> None: ...

class Lights(_message.Message):
    __slots__ = ("on",)
    ON_FIELD_NUMBER: _ClassVar[int]
    on: _containers.RepeatedScalarFieldContainer[Light]
    def __init__(self, on: _Optional[_Iterable[_Union[Light, str]]] = ...) -> None: ...

class Environment(_message.Message):
    __slots__ = ("temperature_dc", "illuminance_lx", "is_wiper_on")
    TEMPERATURE_DC_FIELD_NUMBER: _ClassVar[int]
    ILLUMINANCE_LX_FIELD_NUMBER: _ClassVar[int]
    IS_WIPER_ON_FIELD_NUMBER: _ClassVar[int]
    temperature_dc: int
    illuminance_lx: int
    is_wiper_on: bool
    def __init__(self, temperature_dc: _Optional[int] = ..., illuminance_lx: _Optional[int] = ..., is_wiper_on: bool = ...) -> None: ...

class LinkReading(_message.Message):
    __slots__ = ("latency_ms", "bandwidth_kbps", "rsrp_dbm", "loss_ppm")
    LATENCY_MS_FIELD_NUMBER: _ClassVar[int]
    BANDWIDTH_KBPS_FIELD_NUMBER: _ClassVar[int]
    RSRP_DBM_FIELD_NUMBER: _ClassVar[int]
    LOSS_PPM_FIELD_NUMBER: _ClassVar[int]
    latency_ms: int
    bandwidth_kbps: int
    rsrp_dbm: int
    loss_ppm: int
    def __init__(self, latency_ms: _Optional[int] = ..., bandwidth_kbps: _Optional[int] = ..., rsrp_dbm: _Optional[int] = ..., loss_ppm: _Optional[int] = ...) -> None: ...

class SystemState(_message.Message):
    __slots__ = ("software_version", "codes")
    SOFTWARE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CODES_FIELD_NUMBER: _ClassVar[int]
    software_version: str
    codes: _containers.RepeatedCompositeFieldContainer[SystemCode]
    def __init__(self, software_version: _Optional[str] = ..., codes: _Optional[_Iterable[_Union[SystemCode, _Mapping]]] = ...) -> None: ...

class SystemCode(_message.Message):
    __slots__ = ("code", "text", "began_ms")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    BEGAN_MS_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    began_ms: int
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ..., began_ms: _Optional[int] = ...) -> None: ...

class SafetySystem(_message.Message):
    __slots__ = ("name", "is_active", "triggered_by")
    NAME_FIELD_NUMBER: _ClassVar[int]
    IS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TRIGGERED_BY_FIELD_NUMBER: _ClassVar[int]
    name: str
    is_active: bool
    triggered_by: str
    def __init__(self, name: _Optional[str] = ..., is_active: bool = ..., triggered_by: _Optional[str] = ...) -> None: ...

class Incident(_message.Message):
    __slots__ = ("kind", "detail", "is_accident")
    KIND_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    IS_ACCIDENT_FIELD_NUMBER: _ClassVar[int]
    kind: IncidentKind
    detail: str
    is_accident: bool
    def __init__(self, kind: _Optional[_Union[IncidentKind, str]] = ..., detail: _Optional[str] = ..., is_accident: bool = ...) -> None: ...

class ManoeuvreRequest(_message.Message):
    __slots__ = ("request_id", "kind", "text", "deadline_ms")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_MS_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    kind: ManoeuvreKind
    text: str
    deadline_ms: int
    def __init__(self, request_id: _Optional[str] = ..., kind: _Optional[_Union[ManoeuvreKind, str]] = ..., text: _Optional[str] = ..., deadline_ms: _Optional[int] = ...) -> None: ...

class CommandReport(_message.Message):
    __slots__ = ("command_id", "state", "reason")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    state: CommandState
    reason: str
    def __init__(self, command_id: _Optional[str] = ..., state: _Optional[_Union[CommandState, str]] = ..., reason: _Optional[str] = ...) -> None: ...

class ServerFrame(_message.Message):
    __slots__ = ("welcome", "ack", "resume", "pong", "goodbye", "command", "credit")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    GOODBYE_FIELD_NUMBER: _ClassVar[int]
    COMMAND_FIELD_NUMBER: _ClassVar[int]
    CREDIT_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    ack: Ack
    resume: Resume
    pong: Pong
    goodbye: Goodbye
    command: Command
    credit: Credit
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., resume: _Optional[_Union[Resume, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., goodbye: _Optional[_Union[Goodbye, _Mapping]] = ..., command: _Optional[_Union[Command, _Mapping]] = ..., credit: _Optional[_Union[Credit, _Mapping]] = ...) -> None: ...

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

class Credit(_message.Message):
    __slots__ = ("window_samples", "backlog_samples", "routine_interval_ms")
    WINDOW_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_SAMPLES_FIELD_NUMBER: _ClassVar[int]
    ROUTINE_INTERVAL_MS_FIELD_NUMBER: _ClassVar[int]
    window_samples: int
    backlog_samples: int
    routine_interval_ms: int
    def __init__(self, window_samples: _Optional[int] = ..., backlog_samples: _Optional[int] = ..., routine_interval_ms: _Optional[int] = ...) -> None: ...

class Command(_message.Message):
    __slots__ = ("body", "signatures")
    BODY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURES_FIELD_NUMBER: _ClassVar[int]
    body: bytes
    signatures: _containers.RepeatedCompositeFieldContainer[Signature]
    def __init__(self, body: _Optional[bytes] = ..., signatures: _Optional[_Iterable[_Union[Signature, _Mapping]]] = ...) -> None: ...

class Signature(_message.Message):
    __slots__ = ("key_id", "ed25519")
    KEY_ID_FIELD_NUMBER: _ClassVar[int]
    ED25519_FIELD_NUMBER: _ClassVar[int]
    key_id: str
    ed25519: bytes
    def __init__(self, key_id: _Optional[str] = ..., ed25519: _Optional[bytes] = ...) -> None: ...

class CommandBody(_message.Message):
    __slots__ = ("command_id", "vehicle_id", "action", "counter", "issued_ms", "expires_ms", "issuer", "approver", "request_id", "expected_mode", "expected_state_version", "cause", "necessity", "text", "route_e7", "reason")
    COMMAND_ID_FIELD_NUMBER: _ClassVar[int]
    VEHICLE_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    COUNTER_FIELD_NUMBER: _ClassVar[int]
    ISSUED_MS_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    APPROVER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_MODE_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_STATE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    NECESSITY_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    ROUTE_E7_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    command_id: str
    vehicle_id: str
    action: Action
    counter: int
    issued_ms: int
    expires_ms: int
    issuer: str
    approver: str
    request_id: str
    expected_mode: Mode
    expected_state_version: int
    cause: str
    necessity: str
    text: str
    route_e7: _containers.RepeatedScalarFieldContainer[int]
    reason: str
    def __init__(self, command_id: _Optional[str] = ..., vehicle_id: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., counter: _Optional[int] = ..., issued_ms: _Optional[int] = ..., expires_ms: _Optional[int] = ..., issuer: _Optional[str] = ..., approver: _Optional[str] = ..., request_id: _Optional[str] = ..., expected_mode: _Optional[_Union[Mode, str]] = ..., expected_state_version: _Optional[int] = ..., cause: _Optional[str] = ..., necessity: _Optional[str] = ..., text: _Optional[str] = ..., route_e7: _Optional[_Iterable[int]] = ..., reason: _Optional[str] = ...) -> None: ...

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
