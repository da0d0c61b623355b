// The map's style: layers over the region's own GeoJSON. No tiles, no glyph server, no other host.
import type { StyleSpecification } from "maplibre-gl";
import type { FeatureCollection, Point } from "geojson";
import type { RegionMap } from "../model.ts";
import { bands, marks, overlaySources, type Overlays } from "./overlays.ts";
import type { MapTheme } from "./theme.ts";

const REGULAR = ["Atkinson Hyperlegible Next Variable", "Verdana", "sans-serif"];
// The weight is read from the first name; the second name is the font that exists.
const BOLD = ["Atkinson Bold", "Atkinson Hyperlegible Next Variable", "Verdana", "sans-serif"];

/** Vehicles as the map draws them. */
export interface VehicleProperties {
  readonly vehicle_id: string;
  readonly image: string;
  readonly label: string;
  readonly bearing_deg: number;
  readonly arrow: string;
  readonly rank: number;
}

export type VehicleFeatures = FeatureCollection<Point, VehicleProperties>;

export const NO_VEHICLES: VehicleFeatures = { type: "FeatureCollection", features: [] };

/** Build the style of a region in a theme. Upper layers are placed first, so vehicles push labels aside. */
export function mapStyle(
  region: RegionMap,
  theme: MapTheme,
  vehicles: VehicleFeatures,
  overlays: Overlays,
): StyleSpecification {
  const grow = (near: number, far: number): ["interpolate", ["linear"], ["zoom"], ...number[]] =>
    ["interpolate", ["linear"], ["zoom"], 10, far, 16, near];
  return {
    version: 8,
    sources: {
      roads: { type: "geojson", data: region.roads },
      research: { type: "geojson", data: region.research },
      lines: { type: "geojson", data: region.lines },
      names: { type: "geojson", data: region.names },
      stops: { type: "geojson", data: region.stops },
      ...overlaySources(overlays),
      vehicles: { type: "geojson", data: vehicles },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": theme.ground } },
      {
        id: "roads",
        type: "line",
        source: "roads",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": theme.road, "line-width": grow(4, 0.8) },
      },
      ...bands(theme),
      {
        id: "research",
        type: "line",
        source: "research",
        layout: { "line-join": "round" },
        paint: { "line-color": theme.research, "line-width": grow(3, 1.4), "line-dasharray": [2, 2] },
      },
      {
        id: "line-casing",
        type: "line",
        source: "lines",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": theme.casing, "line-width": grow(8, 4) },
      },
      {
        id: "lines",
        type: "line",
        source: "lines",
        layout: { "line-cap": "round", "line-join": "round" },
        paint: {
          "line-color": ["concat", "#", ["coalesce", ["get", "colour"], "454b52"]],
          "line-width": grow(5, 2.2),
        },
      },
      {
        id: "stops",
        type: "circle",
        source: "stops",
        filter: ["get", "is_line_stop"],
        paint: {
          "circle-radius": grow(6, 2.2),
          "circle-color": theme.stopFill,
          "circle-stroke-color": theme.stopLine,
          "circle-stroke-width": grow(2, 1),
        },
      },
      {
        id: "meeting-points",
        type: "symbol",
        source: "stops",
        filter: ["all", ["get", "is_meeting_point"], ["!", ["get", "is_line_stop"]]],
        layout: {
          "icon-image": "meeting-point",
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "icon-size": grow(1, 0.55),
        },
      },
      {
        id: "line-names",
        type: "symbol",
        source: "lines",
        minzoom: 11,
        layout: {
          "symbol-placement": "line",
          "symbol-spacing": 320,
          "text-field": ["get", "route"],
          "text-font": BOLD,
          "text-size": 12,
          "text-rotation-alignment": "viewport",
          "text-padding": 12,
        },
        paint: { "text-color": theme.stopName, "text-halo-color": theme.halo, "text-halo-width": 2.5 },
      },
      {
        id: "stop-names",
        type: "symbol",
        source: "stops",
        minzoom: 12.6,
        layout: {
          "text-field": ["get", "name"],
          "text-font": REGULAR,
          "text-size": 12.5,
          "text-variable-anchor": ["left", "right", "top", "bottom"],
          "text-radial-offset": 0.8,
          "text-justify": "auto",
          "text-max-width": 9,
        },
        paint: { "text-color": theme.stopName, "text-halo-color": theme.halo, "text-halo-width": 1.8 },
      },
      {
        id: "names",
        type: "symbol",
        source: "names",
        layout: {
          "text-field": ["get", "name"],
          "text-font": BOLD,
          "text-size": ["interpolate", ["linear"], ["zoom"], 10, 13, 15, 18],
          "text-letter-spacing": 0.03,
          "text-padding": 4,
          // A name gives way to vehicles, but stays near its place.
          "text-variable-anchor-offset": [
            ...["center", [0, 0], "bottom", [0, -1.2], "top", [0, 1.2], "left", [1.2, 0], "right", [-1.2, 0]],
            ...["bottom", [0, -2.4], "top", [0, 2.4]],
          ] as never,
        },
        paint: { "text-color": theme.name, "text-halo-color": theme.halo, "text-halo-width": 2 },
      },
      ...marks(theme, BOLD),
      {
        id: "vehicle-arrows",
        type: "symbol",
        source: "vehicles",
        filter: ["!=", ["get", "arrow"], ""],
        layout: {
          "icon-image": ["get", "arrow"],
          "icon-rotate": ["get", "bearing_deg"],
          "icon-rotation-alignment": "map",
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
        },
      },
      {
        // Below the signs, hence placed after them: a label never covers a vehicle.
        id: "vehicle-labels",
        type: "symbol",
        source: "vehicles",
        layout: {
          "symbol-sort-key": ["-", 0, ["get", "rank"]],
          "text-field": ["get", "label"],
          "text-font": BOLD,
          "text-size": 12.5,
          "text-line-height": 1.1,
          "text-variable-anchor": ["left", "right", "bottom", "top", "bottom-left", "top-left", "bottom-right", "top-right"],
          "text-radial-offset": 1.6,
          "text-padding": 0,
          "text-justify": "auto",
          "text-max-width": 14,
        },
        paint: { "text-color": theme.vehicleName, "text-halo-color": theme.halo, "text-halo-width": 2 },
      },
      {
        id: "vehicles",
        type: "symbol",
        source: "vehicles",
        layout: {
          "icon-image": ["get", "image"],
          "icon-padding": 0,
          "icon-allow-overlap": true,
          "symbol-sort-key": ["get", "rank"],
        },
      },
    ],
  };
}
