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
};
