// Colours of the map, light and dark: a quiet ground so that vehicles and stops stand out.

export interface MapTheme {
  readonly ground: string;
  readonly road: string;
  readonly casing: string;
  readonly research: string;
  readonly stopFill: string;
  readonly stopLine: string;
  readonly name: string;
  readonly stopName: string;
  readonly vehicleName: string;
  readonly halo: string;
  readonly signEdge: string;
  readonly selected: string;
  /** Well, middling, bad. */
  readonly coverage: readonly [string, string, string];
  readonly roughness: readonly [string, string, string];
  readonly junctions: readonly [string, string, string];
  readonly hazard: string;
  readonly request: string;
}

export const LIGHT: MapTheme = {
  ground: "#f6f4ee",
  road: "#bdbcb6",
  casing: "#ffffff",
  research: "#6b5ab0",
  stopFill: "#ffffff",
  stopLine: "#2c3238",
  name: "#5b6168",
  stopName: "#2c3238",
  vehicleName: "#0d1114",
  halo: "#f6f4ee",
  signEdge: "#ffffff",
  selected: "#0d1114",
  coverage: ["#6fa3d2", "#2b6cb0", "#0b3a75"],
  roughness: ["#c09a6b", "#a8590f", "#6e2f00"],
  junctions: ["#c08a9a", "#a83252", "#7d0f2e"],
  hazard: "#ffd23f",
  request: "#b3141b",
};

export const DARK: MapTheme = {
  ground: "#171c21",
  road: "#4a525a",
  casing: "#f4f1ea",
  research: "#a797e6",
  stopFill: "#171c21",
  stopLine: "#e6e3dc",
  name: "#9aa2aa",
  stopName: "#d8dade",
  vehicleName: "#ffffff",
  halo: "#171c21",
  signEdge: "#f4f1ea",
  selected: "#ffd75e",
  coverage: ["#4c7397", "#6ea9e0", "#cfe6ff"],
  roughness: ["#7d6546", "#cf8a45", "#ffd9ad"],
  junctions: ["#855a67", "#e07f9a", "#ffd0dc"],
  hazard: "#ffd23f",
  request: "#ff8b82",
};
