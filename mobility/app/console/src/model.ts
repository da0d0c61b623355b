// What the server sends: vehicles and the map, and how untrusted JSON becomes them.
import type { FeatureCollection, LineString, Point } from "geojson";

export type Kind = "shuttle" | "line_bus" | "citizen_bus" | "research";
export type Mode = "unknown" | "manual" | "assisted" | "automated" | "minimal_risk";
export type DoorState = "unknown" | "closed" | "open" | "ramp_out";
export type Standing = "running" | "expected" | "unknown" | "cancelled";

/** One vehicle as of its newest sample; null where nothing is known. */
export interface Vehicle {
  readonly vehicle_id: string;
  readonly label: string;
  readonly kind: Kind;
  readonly sae_level: number | null;
  readonly mode: Mode;
  readonly lat: number;
  readonly lon: number;
  readonly bearing_deg: number | null;
  readonly speed_mps: number | null;
  readonly as_of: string;
  readonly age_s: number;
  readonly doors: DoorState;
  readonly passengers: number | null;
  readonly seats: number | null;
  readonly battery_frac: number | null;
  readonly trip_id: string | null;
  readonly route: string | null;
  readonly headsign: string | null;
  readonly delay_s: number | null;
  readonly next_stop: string | null;
  readonly standing: Standing | null;
}

/** An answer or an event: the server's time and the vehicles it speaks of. */
export interface Report {
  readonly now: string | null;
  readonly vehicles: readonly Vehicle[];
}

export interface StopProperties {
  readonly stop_id: string;
  readonly name: string;
  readonly is_line_stop: boolean;
  readonly is_meeting_point: boolean;
}

/** The region as drawn from its bundle. Bounds are west, south, east, north in degrees. */
export interface RegionMap {
  readonly name: string;
  /** Whose data the map shows; a licence may ask for it beside the map. */
  readonly attribution: string;
  readonly bounds: readonly [number, number, number, number];
  readonly roads: FeatureCollection<LineString>;
  readonly lines: FeatureCollection<LineString, { route: string; colour: string; kind: Kind }>;
  readonly stops: FeatureCollection<Point, StopProperties>;
  readonly names: FeatureCollection<Point, { name: string }>;
  readonly research: FeatureCollection<LineString>;
}

const KINDS: readonly string[] = ["shuttle", "line_bus", "citizen_bus", "research"];
const MODES: readonly string[] = ["unknown", "manual", "assisted", "automated", "minimal_risk"];
const DOORS: readonly string[] = ["unknown", "closed", "open", "ramp_out"];
const STANDINGS: readonly string[] = ["running", "expected", "unknown", "cancelled"];

/** Read an answer or event; a vehicle without id or position is left out, never a reason to stop. */
export function parseReport(json: unknown): Report {
  const root = isRecord(json) ? json : {};
  const list = Array.isArray(json) ? json : Array.isArray(root["vehicles"]) ? root["vehicles"] : [];
  const vehicles = list.map(parseVehicle).filter((vehicle) => vehicle !== null);
  return { now: text(root["now"]), vehicles };
}

function parseVehicle(json: unknown): Vehicle | null {
  if (!isRecord(json)) return null;
  const id = text(json["vehicle_id"]);
  const lat = finite(json["lat"]);
  const lon = finite(json["lon"]);
  if (id === null || lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180) return null;
  return {
    vehicle_id: id,
    label: text(json["label"]) ?? id,
    kind: oneOf<Kind>(json["kind"], KINDS, "line_bus"),
    sae_level: finite(json["sae_level"]),
    mode: oneOf<Mode>(json["mode"], MODES, "unknown"),
    lat,
    lon,
    bearing_deg: finite(json["bearing_deg"]),
    speed_mps: finite(json["speed_mps"]),
    as_of: text(json["as_of"]) ?? "",
    age_s: finite(json["age_s"]) ?? 0,
    doors: oneOf<DoorState>(json["doors"], DOORS, "unknown"),
    passengers: finite(json["passengers"]),
    seats: finite(json["seats"]),
    battery_frac: finite(json["battery_frac"]),
    trip_id: text(json["trip_id"]),
    route: text(json["route"]),
    headsign: text(json["headsign"]),
    delay_s: finite(json["delay_s"]),
    next_stop: text(json["next_stop"]),
    standing: json["standing"] == null ? null : oneOf<Standing>(json["standing"], STANDINGS, "unknown"),
  };
}

function isRecord(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null;
}

function text(json: unknown): string | null {
  return typeof json === "string" && json !== "" ? json : null;
}

function finite(json: unknown): number | null {
  return typeof json === "number" && Number.isFinite(json) ? json : null;
}

function oneOf<T extends string>(json: unknown, allowed: readonly string[], otherwise: T): T {
  return typeof json === "string" && allowed.includes(json) ? (json as T) : otherwise;
}
