"""The Decentralized Environmental Notification Message: ETSI EN 302 637-3 v1.3.1, "DENM-PDU-Descriptions" version 2."""

from v2x.its import cdd
from v2x.its.uper_types import (
    bits,
    defaulting,
    enumerated,
    extensible_enumerated,
    extensible_sequence,
    integer,
    optional,
    sequence,
    sequence_of,
)

ActionID = sequence(originatingStationID=cdd.StationID, sequenceNumber=integer(0, 65535))
ManagementContainer = extensible_sequence(
    actionID=ActionID,
    detectionTime=cdd.TimestampIts,
    referenceTime=cdd.TimestampIts,
    termination=optional(enumerated("isCancellation", "isNegation")),
    eventPosition=cdd.ReferencePosition,
    relevanceDistance=optional(
        enumerated(
            *("lessThan50m", "lessThan100m", "lessThan200m", "lessThan500m"),
            *("lessThan1000m", "lessThan5km", "lessThan10km", "over10km"),
        )
    ),
    relevanceTrafficDirection=optional(
        enumerated("allTrafficDirections", "upstreamTraffic", "downstreamTraffic", "oppositeTraffic")
    ),
    validityDuration=defaulting(integer(0, 86400), 600),
    transmissionInterval=optional(integer(1, 10000)),
    stationType=cdd.StationType,
)

InformationQuality = integer(0, 7)
EventPoint = sequence(
    eventPosition=cdd.DeltaReferencePosition,
    eventDeltaTime=optional(cdd.PathDeltaTime),
    informationQuality=InformationQuality,
)
SituationContainer = extensible_sequence(
    informationQuality=InformationQuality,
    eventType=cdd.CauseCode,
    linkedCause=optional(cdd.CauseCode),
    eventHistory=optional(sequence_of(EventPoint, 1, 23)),
)

LocationContainer = extensible_sequence(
    eventSpeed=optional(cdd.Speed),
    eventPositionHeading=optional(cdd.Heading),
    traces=cdd.Traces,
    roadType=optional(
        enumerated(
            "urban-NoStructuralSeparationToOppositeLanes",
            "urban-WithStructuralSeparationToOppositeLanes",
            "nonUrban-NoStructuralSeparationToOppositeLanes",
            "nonUrban-WithStructuralSeparationToOppositeLanes",
        )
    ),
)

ImpactReductionContainer = sequence(
    heightLonCarrLeft=integer(1, 100),
    heightLonCarrRight=integer(1, 100),
    posLonCarrLeft=integer(1, 127),
    posLonCarrRight=integer(1, 127),
    positionOfPillars=sequence_of(integer(1, 30), 1, 3, is_extensible=True),
    posCentMass=integer(1, 63),
    wheelBaseVehicle=integer(1, 127),
    turningRadius=integer(1, 255),
    posFrontAx=integer(1, 20),
    positionOfOccupants=bits(20),
    vehicleMass=integer(1, 1024),
    requestResponseIndication=enumerated("request", "response"),
)
RoadWorksContainerExtended = sequence(
    lightBarSirenInUse=optional(cdd.LightBarSirenInUse),
    closedLanes=optional(cdd.ClosedLanes),
    restriction=optional(sequence_of(cdd.StationType, 1, 3, is_extensible=True)),
    speedLimit=optional(cdd.SpeedLimit),
    incidentIndication=optional(cdd.CauseCode),
    recommendedPath=optional(cdd.ItineraryPath),
    startingPointSpeedLimit=optional(cdd.DeltaReferencePosition),
    trafficFlowRule=optional(cdd.TrafficRule),
    referenceDenms=optional(sequence_of(ActionID, 1, 8, is_extensible=True)),
)
StationaryVehicleContainer = sequence(
    stationarySince=optional(
        enumerated("lessThan1Minute", "lessThan2Minutes", "lessThan15Minutes", "equalOrGreater15Minutes")
    ),
    stationaryCause=optional(cdd.CauseCode),
    carryingDangerousGoods=optional(cdd.DangerousGoodsExtended),
    numberOfOccupants=optional(integer(0, 127)),
    vehicleIdentification=optional(cdd.VehicleIdentification),
    energyStorageType=optional(cdd.EnergyStorageType),
)
AlacarteContainer = extensible_sequence(
    lanePosition=optional(cdd.LanePosition),
    impactReduction=optional(ImpactReductionContainer),
    externalTemperature=optional(integer(-60, 67)),
    roadWorks=optional(RoadWorksContainerExtended),
    positioningSolution=optional(
        extensible_enumerated("noPositioningSolution", "sGNSS", "dGNSS", "sGNSSplusDR", "dGNSSplusDR", "dR")
    ),
    stationaryVehicle=optional(StationaryVehicleContainer),
)

DENM = sequence(
    header=cdd.ItsPduHeader,
    denm=sequence(
        management=ManagementContainer,
        situation=optional(SituationContainer),
        location=optional(LocationContainer),
        alacarte=optional(AlacarteContainer),
    ),
)
"""The whole message, as ``decoder_for`` and ``encode_value`` take it."""
