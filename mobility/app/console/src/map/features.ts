// Vehicles as map features: sign by kind and freshness, label with what a dispatcher must not miss.
import type { Fleet } from "../fleet.ts";
import { ageWords, delayWords, punctuality, type Language, type Words } from "../words.ts";
import { ARROW, signName } from "./images.ts";
import type { VehicleFeatures } from "./style.ts";

const MOVING_MPS = 0.5;

/** All vehicles at `now_ms`; the selected one is drawn above the others. */
export function vehicleFeatures(
  fleet: Fleet,
  selected: string | null,
  now_ms: number,
  words: Words,
  language: Language,
): VehicleFeatures {
  const features = fleet.vehicles.map((vehicle, index) => {
    const freshness = fleet.freshness(vehicle.vehicle_id, now_ms);
    const spot = fleet.spot(vehicle.vehicle_id, now_ms) ?? vehicle;
    const isMoving = freshness === "fresh" && (vehicle.speed_mps ?? 0) > MOVING_MPS && vehicle.bearing_deg !== null;
    const state = punctuality(vehicle);
    const age = ageWords(fleet.age_s(vehicle.vehicle_id, now_ms), language);
    const second =
      freshness === "lost"
        ? `${words.lost}, ${age}`
        : freshness === "stale"
          ? age
          : state === "late" || state === "early" || state === "cancelled"
            ? delayWords(vehicle, language)
            : "";
    return {
      type: "Feature" as const,
      geometry: { type: "Point" as const, coordinates: [spot.lon, spot.lat] },
      properties: {
        vehicle_id: vehicle.vehicle_id,
        image: signName(vehicle.kind, freshness, vehicle.vehicle_id === selected),
        label: second === "" ? vehicle.label : `${vehicle.label}\n${second}`,
        bearing_deg: vehicle.bearing_deg ?? 0,
        arrow: isMoving ? ARROW : "",
        rank: vehicle.vehicle_id === selected ? 1000 : index,
      },
    };
  });
  return { type: "FeatureCollection", features };
}
