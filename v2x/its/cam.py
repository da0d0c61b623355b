"""The Cooperative Awareness Message: ETSI EN 302 637-2 v1.4.1, module "CAM-PDU-Descriptions" version 2."""

from v2x.its import cdd
from v2x.its.uper_types import (
    Boolean,
    bits,
    extensible_choice,
    extensible_sequence,
    integer,
    optional,
    sequence,
)

BasicVehicleContainerHighFrequency = sequence(
    heading=cdd.Heading,
    speed=cdd.Speed,
    driveDirection=cdd.DriveDirection,
    vehicleLength=cdd.VehicleLength,
    vehicleWidth=cdd.VehicleWidth,
    longitudinalAcceleration=cdd.LongitudinalAcceleration,
    curvature=cdd.Curvature,
    curvatureCalculationMode=cdd.CurvatureCalculationMode,
    yawRate=cdd.YawRate,
    accelerationControl=optional(cdd.AccelerationControl),
    lanePosition=optional(cdd.LanePosition),
    steeringWheelAngle=optional(cdd.SteeringWheelAngle),
    lateralAcceleration=optional(cdd.LateralAcceleration),
    verticalAcceleration=optional(cdd.VerticalAcceleration),
    performanceClass=optional(cdd.PerformanceClass),
    cenDsrcTollingZone=optional(cdd.CenDsrcTollingZone),
)
RSUContainerHighFrequency = extensible_sequence(
    protectedCommunicationZonesRSU=optional(cdd.ProtectedCommunicationZonesRSU),
)
BasicVehicleContainerLowFrequency = sequence(
    vehicleRole=cdd.VehicleRole,
    exteriorLights=cdd.ExteriorLights,
    pathHistory=cdd.PathHistory,
)

PublicTransportContainer = sequence(embarkationStatus=Boolean(), ptActivation=optional(cdd.PtActivation))
SpecialTransportContainer = sequence(
    specialTransportType=bits(4),
    lightBarSirenInUse=cdd.LightBarSirenInUse,
)
DangerousGoodsContainer = sequence(dangerousGoodsBasic=cdd.DangerousGoodsBasic)
RoadWorksContainerBasic = sequence(
    roadworksSubCauseCode=optional(integer(0, 255)),
    lightBarSirenInUse=cdd.LightBarSirenInUse,
    closedLanes=optional(cdd.ClosedLanes),
)
RescueContainer = sequence(lightBarSirenInUse=cdd.LightBarSirenInUse)
EmergencyContainer = sequence(
    lightBarSirenInUse=cdd.LightBarSirenInUse,
    incidentIndication=optional(cdd.CauseCode),
    emergencyPriority=optional(bits(2)),
)
SafetyCarContainer = sequence(
    lightBarSirenInUse=cdd.LightBarSirenInUse,
    incidentIndication=optional(cdd.CauseCode),
    trafficRule=optional(cdd.TrafficRule),
    speedLimit=optional(cdd.SpeedLimit),
)

CamParameters = extensible_sequence(
    basicContainer=extensible_sequence(stationType=cdd.StationType, referencePosition=cdd.ReferencePosition),
    highFrequencyContainer=extensible_choice(
        basicVehicleContainerHighFrequency=BasicVehicleContainerHighFrequency,
        rsuContainerHighFrequency=RSUContainerHighFrequency,
    ),
    lowFrequencyContainer=optional(
        extensible_choice(basicVehicleContainerLowFrequency=BasicVehicleContainerLowFrequency)
    ),
    specialVehicleContainer=optional(
        extensible_choice(
            publicTransportContainer=PublicTransportContainer,
            specialTransportContainer=SpecialTransportContainer,
            dangerousGoodsContainer=DangerousGoodsContainer,
            roadWorksContainerBasic=RoadWorksContainerBasic,
            rescueContainer=RescueContainer,
            emergencyContainer=EmergencyContainer,
            safetyCarContainer=SafetyCarContainer,
        )
    ),
)
CAM = sequence(
    header=cdd.ItsPduHeader,
    cam=sequence(generationDeltaTime=integer(0, 65535), camParameters=CamParameters),
)
"""The whole message, as ``decoder_for`` and ``encode_value`` take it."""
