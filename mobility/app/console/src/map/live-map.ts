// The moving map: MapLibre over the region's GeoJSON. Loaded only when a map is shown.
import { LngLatBounds, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import type { GeoJSONSource } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
// Without the worker's own bundle the built map stays blank (maplibre/maplibre-gl-js#8188).
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { RegionMap } from "../model.ts";
import { addImages } from "./images.ts";
import { NO_OVERLAYS, OVERLAY_NAMES, type Overlays } from "./overlays.ts";
import { mapStyle, NO_VEHICLES, type VehicleFeatures } from "./style.ts";
import { DARK, LIGHT } from "./theme.ts";

setWorkerUrl(workerUrl);

export interface LiveMapOptions {
  readonly container: HTMLElement;
  readonly region: RegionMap;
  readonly label: string;
  readonly language: "de" | "en";
  readonly onChoose: (vehicleId: string) => void;
  /** A place was pressed where no vehicle is. */
  readonly onPlace: (lon: number, lat: number) => void;
  readonly onFailure: () => void;
}

const DARK_QUERY = matchMedia("(prefers-color-scheme: dark)");
const STILL_QUERY = matchMedia("(prefers-reduced-motion: reduce)");

export class LiveMap {
  readonly map: MapLibre;
  private vehicles: VehicleFeatures = NO_VEHICLES;
  private overlays: Overlays = NO_OVERLAYS;
  private readonly restyle = (): void => this.applyTheme();

  constructor(private readonly options: LiveMapOptions) {
    this.map = new MapLibre({
      container: options.container,
      style: mapStyle(options.region, theme(), NO_VEHICLES, NO_OVERLAYS),
      bounds: bounds(options.region),
      fitBoundsOptions: { padding: margins(options.container) },
      attributionControl: false,
      pitchWithRotate: false,
      dragRotate: false,
      renderWorldCopies: false,
      maxPitch: 0,
      fadeDuration: 0,
      locale: {
        "Map.Title": options.label,
        ...(options.language === "de"
          ? { "NavigationControl.ZoomIn": "Näher", "NavigationControl.ZoomOut": "Weiter weg" }
          : {}),
      },
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ unit: "metric" }), "bottom-left");
    // Comes once for each style, also after a change of theme.
    this.map.on("style.load", () => addImages(this.map, theme()));
    this.map.on("click", "vehicles", (event) => {
      const id = event.features?.[0]?.properties["vehicle_id"] as unknown;
      if (typeof id === "string") options.onChoose(id);
    });
    this.map.on("click", (event) => {
      const isVehicle = this.map.queryRenderedFeatures(event.point, { layers: ["vehicles"] }).length > 0;
      if (!isVehicle) options.onPlace(event.lngLat.lng, event.lngLat.lat);
    });
    this.map.on("mouseenter", "vehicles", () => (this.map.getCanvas().style.cursor = "pointer"));
    this.map.on("mouseleave", "vehicles", () => (this.map.getCanvas().style.cursor = ""));
    this.map.getCanvas().addEventListener("webglcontextlost", () => options.onFailure(), { once: true });
    DARK_QUERY.addEventListener("change", this.restyle);
  }

  /** Draw the vehicles where they are now. */
  draw(vehicles: VehicleFeatures): void {
    this.vehicles = vehicles;
    const source = this.map.getSource<GeoJSONSource>("vehicles");
    if (source) void source.setData(vehicles);
  }

  /** Lay over the map what has changed. */
  lay(overlays: Overlays): void {
    const before = this.overlays;
    this.overlays = overlays;
    for (const name of OVERLAY_NAMES) {
      if (before[name] === overlays[name]) continue;
      const source = this.map.getSource<GeoJSONSource>(name);
      if (source) void source.setData(overlays[name]);
    }
  }

  /** How many things of a layer are really drawn: asked of the renderer, for tests. */
  drawnOf(layer: string): number {
    return this.map.getLayer(layer) ? this.map.queryRenderedFeatures({ layers: [layer] }).length : 0;
  }

  /** Bring a place into view. */
  show(lon: number, lat: number): void {
    const zoom = Math.max(this.map.getZoom(), 14);
    if (STILL_QUERY.matches) this.map.jumpTo({ center: [lon, lat], zoom });
    else this.map.easeTo({ center: [lon, lat], zoom, duration: 350 });
  }

  /** Bring the whole region into view. */
  showAll(): void {
    this.map.fitBounds(bounds(this.options.region), {
      padding: margins(this.options.container),
      duration: STILL_QUERY.matches ? 0 : 350,
    });
  }

  /** Ids of the vehicles that are really drawn: asked of the renderer, for tests. */
  drawnVehicles(): string[] {
    if (!this.map.getLayer("vehicles")) return [];
    const features = this.map.queryRenderedFeatures({ layers: ["vehicles"] });
    return [...new Set(features.map((feature) => String(feature.properties["vehicle_id"])))].sort();
  }

  remove(): void {
    DARK_QUERY.removeEventListener("change", this.restyle);
    this.map.remove();
  }

  private applyTheme(): void {
    this.map.setStyle(mapStyle(this.options.region, theme(), this.vehicles, this.overlays), { diff: false });
  }
}

function theme(): typeof LIGHT {
  return DARK_QUERY.matches ? DARK : LIGHT;
}

/** Room for the names at the edges. */
function margins(container: HTMLElement): { top: number; bottom: number; left: number; right: number } {
  const side = Math.min(90, container.clientWidth * 0.16);
  return { top: 44, bottom: 44, left: side, right: side };
}

function bounds(region: RegionMap): LngLatBounds {
  const [west, south, east, north] = region.bounds;
  return new LngLatBounds([west, south, east, north]);
}
