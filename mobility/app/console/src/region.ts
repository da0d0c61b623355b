// The region's map, asked for until it comes.
import type { RegionMap } from "./model.ts";
import type { NamedSpot } from "./words.ts";

const MAP = "/api/v1/console/map";
const AGAIN_MS = 5000;

export async function fetchRegion(): Promise<RegionMap> {
  for (;;) {
    try {
      const answer = await fetch(MAP);
      if (answer.ok) return (await answer.json()) as RegionMap;
    } catch {
      // The watchdog of the stream already tells the reader; here it is enough to ask again.
    }
    await new Promise((resolve) => window.setTimeout(resolve, AGAIN_MS));
  }
}

/** Stops and villages by which places are described. */
export function placesOf(region: RegionMap): readonly NamedSpot[] {
  return [...region.stops.features, ...region.names.features].map((feature) => {
    const [lon = 0, lat = 0] = feature.geometry.coordinates;
    return { name: feature.properties.name, lon, lat };
  });
}
