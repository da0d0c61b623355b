// What lies over the map now: layers that are on, places where vehicles ask, the route being proposed.
import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { LayerFeed } from "./layers/feed.ts";
import { drawn, LAYERS, type LayerFeature, type LayerName } from "./layers/model.ts";
import { NO_OVERLAYS, type Overlays } from "./map/overlays.ts";
import type { Place } from "./supervision/model.ts";

/** Keeps each collection until what it shows has changed, so that the map is only told news. */
export class OverlayKeeper {
  private overlays: Overlays = NO_OVERLAYS;
  private readonly shown = new Map<LayerName, readonly LayerFeature[]>();
  private requests = "[]";
  private route: readonly Place[] = [];

  now(
    layers: LayerFeed,
    asking: readonly Place[],
    route: readonly Place[],
    causeOf: (row: LayerFeature["row"]) => string,
  ): Overlays {
    for (const layer of LAYERS) {
      const features = layers.state(layer)?.features ?? NONE;
      if (features === (this.shown.get(layer) ?? NONE)) continue;
      this.shown.set(layer, features);
      this.overlays = { ...this.overlays, [layer]: drawn(layer, features, causeOf) };
    }
    const requests = JSON.stringify(asking);
    if (requests !== this.requests) {
      this.requests = requests;
      this.overlays = { ...this.overlays, requests: collection(asking.map(point)) };
    }
    if (route !== this.route) {
      this.route = route;
      this.overlays = { ...this.overlays, route: collection(routeFeatures(route)) };
    }
    return this.overlays;
  }
}

const NONE: readonly LayerFeature[] = [];

function routeFeatures(route: readonly Place[]): Feature[] {
  const line: Feature[] =
    route.length < 2
      ? []
      : [
          {
            type: "Feature",
            properties: {},
            geometry: { type: "LineString", coordinates: route.map((place) => [place.lon, place.lat]) },
          },
        ];
  return [...line, ...route.map(point)];
}

function point(place: Place): Feature {
  return { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [place.lon, place.lat] } };
}

function collection(features: Feature[]): FeatureCollection<Geometry> {
  return { type: "FeatureCollection", features };
}
