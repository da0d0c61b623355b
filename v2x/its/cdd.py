"""Data elements and frames that CAM and DENM share: ETSI TS 102 894-2 v1.3.1, "ITS-Container" version 2.

Names, ranges and order are the standard's. Units and the meaning of the largest values ("unavailable") stand there.
Lower-case ASN.1 component names are kept, so that a decoded message reads like the standard.
"""

from v2x.its.uper_types import (
    NUMERIC_ALPHABET,
    Boolean,
    OctetString,
    Text,
    bits,
    enumerated,
    extensible_enumerated,
    extensible_sequence,
    ia5,
    integer,
    optional,
    sequence,
    sequence_of,
)

StationID = integer(0, 4294967295)
ItsPduHeader = sequence(protocolVersion=integer(0, 255), messageID=integer(0, 255), stationID=StationID)
StationType = integer(0, 255)
TimestampIts = integer(0, 4398046511103)

Latitude = integer(-900000000, 900000001)
Longitude = integer(-1800000000, 1800000001)
SemiAxisLength = integer(0, 4095)
HeadingValue = integer(0, 3601)
Altitude = sequence(
    altitudeValue=integer(-100000, 800001),
    altitudeConfidence=enumerated(
        *("alt-000-01", "alt-000-02", "alt-000-05", "alt-000-10", "alt-000-20", "alt-000-50", "alt-001-00"),
        *("alt-002-00", "alt-005-00", "alt-010-00", "alt-020-00", "alt-050-00", "alt-100-00", "alt-200-00"),
        *("outOfRange", "unavailable"),
    ),
)
PosConfidenceEllipse = sequence(
    semiMajorConfidence=SemiAxisLength,
    semiMinorConfidence=SemiAxisLength,
    semiMajorOrientation=HeadingValue,
)
ReferencePosition = sequence(
    latitude=Latitude,
    longitude=Longitude,
    positionConfidenceEllipse=PosConfidenceEllipse,
    altitude=Altitude,
)
DeltaReferencePosition = sequence(
    deltaLatitude=integer(-131071, 131072),
    deltaLongitude=integer(-131071, 131072),
    deltaAltitude=integer(-12700, 12800),
)
PathDeltaTime = integer(1, 65535, is_extensible=True)
PathPoint = sequence(pathPosition=DeltaReferencePosition, pathDeltaTime=optional(PathDeltaTime))
PathHistory = sequence_of(PathPoint, 0, 40)
Traces = sequence_of(PathHistory, 1, 7)
ItineraryPath = sequence_of(ReferencePosition, 1, 40)

Heading = sequence(headingValue=HeadingValue, headingConfidence=integer(1, 127))
Speed = sequence(speedValue=integer(0, 16383), speedConfidence=integer(1, 127))
DriveDirection = enumerated("forward", "backward", "unavailable")
VehicleLength = sequence(
    vehicleLengthValue=integer(1, 1023),
    vehicleLengthConfidenceIndication=enumerated(
        "noTrailerPresent",
        "trailerPresentWithKnownLength",
        "trailerPresentWithUnknownLength",
        "trailerPresenceIsUnknown",
        "unavailable",
    ),
)
VehicleWidth = integer(1, 62)
AccelerationConfidence = integer(0, 102)
LongitudinalAcceleration = sequence(
    longitudinalAccelerationValue=integer(-160, 161),
    longitudinalAccelerationConfidence=AccelerationConfidence,
)
LateralAcceleration = sequence(
    lateralAccelerationValue=integer(-160, 161),
    lateralAccelerationConfidence=AccelerationConfidence,
)
VerticalAcceleration = sequence(
    verticalAccelerationValue=integer(-160, 161),
    verticalAccelerationConfidence=AccelerationConfidence,
)
Curvature = sequence(
    curvatureValue=integer(-1023, 1023),
    curvatureConfidence=enumerated(
        *("onePerMeter-0-00002", "onePerMeter-0-0001", "onePerMeter-0-0005", "onePerMeter-0-002"),
        *("onePerMeter-0-01", "onePerMeter-0-1", "outOfRange", "unavailable"),
    ),
)
CurvatureCalculationMode = extensible_enumerated("yawRateUsed", "yawRateNotUsed", "unavailable")
YawRate = sequence(
    yawRateValue=integer(-32766, 32767),
    yawRateConfidence=enumerated(
        *("degSec-000-01", "degSec-000-05", "degSec-000-10", "degSec-001-00", "degSec-005-00", "degSec-010-00"),
        *("degSec-100-00", "outOfRange", "unavailable"),
    ),
)
SteeringWheelAngle = sequence(steeringWheelAngleValue=integer(-511, 512), steeringWheelAngleConfidence=integer(1, 127))
AccelerationControl = bits(7)
LanePosition = integer(-1, 14)
PerformanceClass = integer(0, 7)

ProtectedZoneID = integer(0, 134217727)
CenDsrcTollingZone = extensible_sequence(
    protectedZoneLatitude=Latitude,
    protectedZoneLongitude=Longitude,
    cenDsrcTollingZoneID=optional(ProtectedZoneID),
)
ProtectedCommunicationZone = extensible_sequence(
    protectedZoneType=extensible_enumerated("permanentCenDsrcTolling", extensions=("temporaryCenDsrcTolling",)),
    expiryTime=optional(TimestampIts),
    protectedZoneLatitude=Latitude,
    protectedZoneLongitude=Longitude,
    protectedZoneRadius=optional(integer(1, 255, is_extensible=True)),
    protectedZoneID=optional(ProtectedZoneID),
)
ProtectedCommunicationZonesRSU = sequence_of(ProtectedCommunicationZone, 1, 16)

VehicleRole = enumerated(
    *("default", "publicTransport", "specialTransport", "dangerousGoods", "roadWork", "rescue", "emergency"),
    *("safetyCar", "agriculture", "commercial", "military", "roadOperator", "taxi", "reserved1", "reserved2"),
    "reserved3",
)
ExteriorLights = bits(8)
LightBarSirenInUse = bits(2)
PtActivation = sequence(ptActivationType=integer(0, 255), ptActivationData=OctetString(low=1, high=20))
CauseCode = extensible_sequence(causeCode=integer(0, 255), subCauseCode=integer(0, 255))
HardShoulderStatus = enumerated("availableForStopping", "closed", "availableForDriving")
ClosedLanes = extensible_sequence(
    innerhardShoulderStatus=optional(HardShoulderStatus),
    outerhardShoulderStatus=optional(HardShoulderStatus),
    drivingLaneStatus=optional(bits(1, 13)),
)
TrafficRule = extensible_enumerated("noPassing", "noPassingForTrucks", "passToRight", "passToLeft")
SpeedLimit = integer(1, 255)
DangerousGoodsBasic = enumerated(
    *("explosives1", "explosives2", "explosives3", "explosives4", "explosives5", "explosives6", "flammableGases"),
    *("nonFlammableGases", "toxicGases", "flammableLiquids", "flammableSolids"),
    "substancesLiableToSpontaneousCombustion",
    "substancesEmittingFlammableGasesUponContactWithWater",
    *("oxidizingSubstances", "organicPeroxides", "toxicSubstances", "infectiousSubstances", "radioactiveMaterial"),
    *("corrosiveSubstances", "miscellaneousDangerousSubstances"),
)
DangerousGoodsExtended = extensible_sequence(
    dangerousGoodsType=DangerousGoodsBasic,
    unNumber=integer(0, 9999),
    elevatedTemperature=Boolean(),
    tunnelsRestricted=Boolean(),
    limitedQuantity=Boolean(),
    emergencyActionCode=optional(ia5(1, 24)),
    phoneNumber=optional(Text(alphabet=NUMERIC_ALPHABET, low=1, high=16)),
    companyName=optional(Text(alphabet="", low=1, high=24)),
)
VehicleIdentification = extensible_sequence(wMInumber=optional(ia5(1, 3)), vDS=optional(ia5(6)))
EnergyStorageType = bits(7)
