// Layers over the quiet ground: coverage, roughness, junction delay, hazards, open requests, a proposed route.
import type { LayerSpecification, SourceSpecification } from "maplibre-gl";
import type { FeatureCollection, Geometry } from "geojson";
import type { MapTheme } from "./theme.ts";

/** Everything laid over the map; each is empty where it is off. */
export interface Overlays {
  readonly coverage: FeatureCollection<Geometry>;
  readonly roughness: FeatureCollection<Geometry>;
  readonly junctions: FeatureCollection<Geometry>;
  readonly hazards: FeatureCollection<Geometry>;
  readonly requests: FeatureCollection<Geometry>;
  readonly route: FeatureCollection<Geometry>;
}

const EMPTY: FeatureCollection<Geometry> = { type: "FeatureCollection", features: [] };
export const NO_OVERLAYS: Overlays = {
  coverage: EMPTY,
  roughness: EMPTY,
  junctions: EMPTY,
  hazards: EMPTY,
  requests: EMPTY,
  route: EMPTY,
};
export const OVERLAY_NAMES = Object.keys(NO_OVERLAYS) as readonly (keyof Overlays)[];
export const HAZARD = "hazard";

export function overlaySources(overlays: Overlays): Record<string, SourceSpecification> {
  return Object.fromEntries(OVERLAY_NAMES.map((name) => [name, { type: "geojson", data: overlays[name] }]));
}

/** Below lines and stops: bands along the streets, wide and dashed where it is bad. */
export function bands(theme: MapTheme): LayerSpecification[] {
  return [
    // Wider than a line and its casing, which are drawn over it.
    ...band("coverage", theme.coverage, theme.ground, { far: [8, 10, 13], near: [14, 19, 26], side: [0, 0] }),
    ...band("roughness", theme.roughness, theme.ground, { far: [2, 3, 5], near: [5, 8, 12], side: [6, 15] }),
    ...band("junctions", theme.junctions, theme.ground, { far: [4, 6, 9], near: [6, 11, 16], side: [10, 25] }),
  ];
}

/** Above stops, below vehicles. */
export function marks(theme: MapTheme, bold: string[]): LayerSpecification[] {
  const label = { "text-font": bold, "text-size": 12.5 };
  const paint = { "text-color": theme.vehicleName, "text-halo-color": theme.halo, "text-halo-width": 2 };
  return [
    {
      id: "route",
      type: "line",
      source: "route",
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": theme.selected, "line-width": 4, "line-dasharray": [1, 1] },
    },
    {
      id: "route-points",
      type: "circle",
      source: "route",
      filter: ["==", ["geometry-type"], "Point"],
      paint: {
        "circle-radius": 6,
        "circle-color": theme.ground,
        "circle-stroke-color": theme.selected,
        "circle-stroke-width": 3,
      },
    },
    {
      id: "junction-delays",
      type: "symbol",
      source: "junctions",
      minzoom: 12,
      layout: { ...label, "symbol-placement": "line-center", "text-field": ["get", "label"], "text-rotation-alignment": "viewport" },
      paint,
    },
    {
      id: "hazards",
      type: "symbol",
      source: "hazards",
      layout: {
        ...label,
        "icon-image": HAZARD,
        "icon-allow-overlap": true,
        "text-field": ["get", "label"],
        "text-variable-anchor": ["left", "right", "top", "bottom"],
        "text-radial-offset": 1.3,
        "text-optional": true,
      },
      paint,
    },
    {
      id: "requests",
      type: "circle",
      source: "requests",
      paint: {
        "circle-radius": 24,
        "circle-color": "transparent",
        "circle-stroke-color": theme.request,
        "circle-stroke-width": 4,
      },
    },
  ];
}

/** Widths by weight and the distance from the middle of the street, each for a far and a near view, pixels. */
interface Measures {
  readonly far: readonly [number, number, number];
  readonly near: readonly [number, number, number];
  readonly side: readonly [number, number];
}

function band(
  source: "coverage" | "roughness" | "junctions",
  colours: readonly [string, string, string],
  ground: string,
  { far, near, side }: Measures,
): LayerSpecification[] {
  const [well, middling, bad] = colours;
  const weight = ["get", "weight"] as const;
  const byWeight = (widths: readonly number[]): unknown[] => ["match", weight, 0, widths[0], 1, widths[1], widths[2]];
  const width = ["interpolate", ["linear"], ["zoom"], 10, byWeight(far), 16, byWeight(near)] as never;
  const gap = ["interpolate", ["linear"], ["zoom"], 10, far[2] / 4, 16, near[2] / 5] as never;
  // Directions of one street lie beside each other: each on its own right-hand side.
  const offset = ["interpolate", ["linear"], ["zoom"], 10, side[0], 16, side[1]] as never;
  return [
    {
      id: `${source}-band`,
      type: "line",
      source,
      layout: { "line-cap": "butt", "line-join": "round" },
      paint: {
        "line-color": ["match", weight as never, 0, well, 1, middling, bad],
        "line-width": width,
        "line-offset": offset,
      },
    },
    {
      id: `${source}-bad`,
      type: "line",
      source,
      filter: ["==", ["get", "weight"], 2],
      paint: { "line-color": ground, "line-width": gap, "line-dasharray": [2, 2], "line-offset": offset },
    },
  ];
}
