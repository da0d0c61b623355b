"""One message of each kind that a junction and a bus exchange, in the value form."""

from typing import Any

POSITION = {"lat": 506_841_230, "long": 109_141_230}


def spatem() -> dict[str, Any]:
    red = {"eventState": "stop-And-Remain", "timing": {"minEndTime": 12_345, "maxEndTime": 36_001}}
    green = {"eventState": "protected-Movement-Allowed", "timing": {"minEndTime": 100, "likelyTime": 150}}
    return {
        "header": {"protocolVersion": 2, "messageID": 4, "stationID": 9},
        "spat": {
            "intersections": [
                {
                    "id": {"id": 5},
                    "revision": 1,
                    "status": "0000000000000000",
                    "states": [
                        {"signalGroup": 1, "state-time-speed": [red, green]},
                        {"signalGroup": 2, "state-time-speed": [green]},
                        {"signalGroup": 3, "state-time-speed": [{"eventState": "caution-Conflicting-Traffic"}]},
                    ],
                }
            ]
        },
    }


def mapem() -> dict[str, Any]:
    lane = {
        "laneID": 1,
        "laneAttributes": {
            "directionalUse": "10",
            "sharedWith": "0000000000",
            "laneType": {"vehicle": "00000000"},
        },
        "nodeList": {
            "nodes": [{"delta": {"node-XY1": {"x": 10, "y": -20}}}, {"delta": {"node-XY1": {"x": 1, "y": 2}}}]
        },
    }
    junction = {"id": {"id": 5}, "revision": 1, "refPoint": POSITION, "laneSet": [lane]}
    return {
        "header": {"protocolVersion": 2, "messageID": 5, "stationID": 9},
        "map": {"msgIssueRevision": 1, "intersections": [junction]},
    }


def srem() -> dict[str, Any]:
    request = {"id": {"id": 5}, "requestID": 1, "requestType": "priorityRequest", "inBoundLane": {"lane": 1}}
    return {
        "header": {"protocolVersion": 2, "messageID": 9, "stationID": 9},
        "srm": {
            "second": 1000,
            "requests": [{"request": request}],
            "requestor": {"id": {"stationID": 9}, "type": {"role": "publicTransport"}, "routeName": "B 12"},
        },
    }


def ssem() -> dict[str, Any]:
    granted = {"inboundOn": {"lane": 1}, "status": "granted"}
    return {
        "header": {"protocolVersion": 2, "messageID": 10, "stationID": 9},
        "ssm": {"second": 1000, "status": [{"sequenceNumber": 3, "id": {"id": 5}, "sigStatus": [granted]}]},
    }


JUNCTION_MESSAGES = {"SPATEM": spatem(), "MAPEM": mapem(), "SREM": srem(), "SSEM": ssem()}
