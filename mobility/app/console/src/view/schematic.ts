// A plain plan in SVG for browsers that can not draw the moving map; it prints, too.
import { html, svg, type TemplateResult } from "lit";
import type { Position } from "geojson";
import type { RegionMap, Vehicle } from "../model.ts";
import { SIGNS } from "../sign.ts";
import type { Look } from "./cells.ts";

const WIDTH = 560;

/** Draw roads, lines, stops, names and vehicles in one equirectangular plan. */
export function schematic(region: RegionMap, vehicles: readonly Vehicle[], look: Look): TemplateResult {
  const [west, south, east, north] = region.bounds;
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = WIDTH / Math.max((east - west) * squeeze, 1e-6);
  const height = Math.max(1, (north - south) * scale);
  const x = (lon: number): number => (lon - west) * squeeze * scale;
  const y = (lat: number): number => (north - lat) * scale;
  const points = (line: readonly Position[]): string =>
    line.map(([lon = 0, lat = 0]) => `${x(lon).toFixed(1)},${y(lat).toFixed(1)}`).join(" ");
  return html`<svg
    class="schematic"
    viewBox="-40 -40 ${WIDTH + 80} ${height + 80}"
    role="img"
    aria-label=${look.words.schematic}
  >
    ${region.roads.features.map(
      (road) => svg`<polyline class="schematic__road" points=${points(road.geometry.coordinates)}></polyline>`,
    )}
    ${region.lines.features.map(
      (line) =>
        svg`<polyline class="schematic__line" stroke=${`#${line.properties.colour}`} points=${points(line.geometry.coordinates)}></polyline>`,
    )}
    ${region.stops.features.map((stop) => {
      const [lon = 0, lat = 0] = stop.geometry.coordinates;
      return svg`<circle class="schematic__stop" cx=${x(lon)} cy=${y(lat)} r="3"></circle>`;
    })}
    ${region.names.features.map((name) => {
      const [lon = 0, lat = 0] = name.geometry.coordinates;
      return svg`<text class="schematic__name" x=${x(lon)} y=${y(lat)}>${name.properties.name}</text>`;
    })}
    ${vehicles.map((vehicle) => {
      const sign = SIGNS[vehicle.kind];
      return svg`<g transform="translate(${x(vehicle.lon) - 12} ${y(vehicle.lat) - 12})" class="sign-svg sign-svg--${look.freshnessOf(vehicle.vehicle_id)}">
        <path d=${sign.path} fill=${sign.fill}></path>
        <text x="12" y=${sign.baseline} text-anchor="middle" font-size=${sign.letterSize} font-weight="700">${sign.letter}</text>
        <text class="schematic__label" x="27" y="17">${vehicle.label}</text>
      </g>`;
    })}
  </svg>`;
}
