// The map's further layers: what the server sends, read with distrust, and how heavy each thing weighs on the map.
import type { FeatureCollection, Geometry, Position } from "geojson";

export type LayerName = "coverage" | "roughness" | "junctions" | "hazards";

/** In the order of their keys, 1 to 4. */
export const LAYERS: readonly LayerName[] = ["coverage", "roughness", "junctions", "hazards"];

export const PATHS: Readonly<Record<LayerName, string>> = {
  coverage: "/api/v1/links/coverage",
  roughness: "/api/v1/road/roughness",
  junctions: "/api/v1/road/junctions",
  hazards: "/api/v1/road/hazards",
};

/** How bad a thing is: 0 well, 1 middling, 2 bad. Width and dashes say it as well as colour. */
export type Weight = 0 | 1 | 2;

/** One thing on the map; `row` is what its table says. */
export interface LayerFeature {
  readonly geometry: Geometry;
  readonly row: Readonly<Record<string, unknown>>;
}

export type Drawn = FeatureCollection<Geometry, { weight: Weight; label: string }>;

export const NOTHING: Drawn = { type: "FeatureCollection", features: [] };

const LATE_FRAC = [0.05, 0.2] as const;
const DELAY_S = [10, 25] as const;

/** Read a FeatureCollection of points and lines; what is neither is left out. */
export function parseLayer(json: unknown): readonly LayerFeature[] {
  const list = record(json)["features"];
  if (!Array.isArray(list)) return [];
  return list.flatMap((each: unknown) => {
    const { geometry, properties } = record(each);
    const shape = parseGeometry(geometry);
    return shape === null ? [] : [{ geometry: shape, row: record(properties) }];
  });
}

export function weightOf(layer: LayerName, row: LayerFeature["row"]): Weight {
  switch (layer) {
    case "coverage":
      return step(figure(row, "late_frac"), LATE_FRAC);
    case "roughness": {
      const place = "ABCDE".indexOf(String(row["class"]));
      return place <= 1 ? 0 : place === 2 ? 1 : 2;
    }
    case "junctions":
      return step(figure(row, "mean_delay_s"), DELAY_S);
    case "hazards":
      return 2;
  }
}

/** What the map draws; only junctions and hazards are labelled. */
export function drawn(layer: LayerName, features: readonly LayerFeature[], causeOf: (row: LayerFeature["row"]) => string): Drawn {
  return {
    type: "FeatureCollection",
    features: features.map(({ geometry, row }) => ({
      type: "Feature",
      geometry,
      properties: {
        weight: weightOf(layer, row),
        label:
          layer === "hazards" ? causeOf(row) : layer === "junctions" ? `${Math.round(figure(row, "mean_delay_s") ?? 0)} s` : "",
      },
    })),
  };
}

export function figure(row: LayerFeature["row"], name: string): number | null {
  const value = row[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function words(row: LayerFeature["row"], name: string): string {
  const value = row[name];
  return typeof value === "string" ? value : "";
}

/** The middle of a thing, to say and show where it is. */
export function middle(geometry: Geometry): Position | null {
  if (geometry.type === "Point") return geometry.coordinates;
  if (geometry.type === "LineString") return geometry.coordinates[Math.floor(geometry.coordinates.length / 2)] ?? null;
  return null;
}

function step(value: number | null, limits: readonly [number, number]): Weight {
  if (value === null || value < limits[0]) return 0;
  return value <= limits[1] ? 1 : 2;
}

function parseGeometry(json: unknown): Geometry | null {
  const { type, coordinates } = record(json);
  if (type === "Point" && isPosition(coordinates)) return { type, coordinates };
  if (type === "LineString" && Array.isArray(coordinates) && coordinates.length > 1 && coordinates.every(isPosition))
    return { type, coordinates };
  return null;
}

function isPosition(json: unknown): json is [number, number] {
  return Array.isArray(json) && Number.isFinite(json[0]) && Number.isFinite(json[1]);
}

function record(json: unknown): Record<string, unknown> {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
}
