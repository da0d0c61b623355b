// The map's place in the page: loads the map lazily, lets vehicles glide, falls back to a plain plan.
import { html, LitElement, nothing, type TemplateResult } from "lit";
import type { Fleet } from "./fleet.ts";
import type { LiveMap } from "./map/live-map.ts";
import { vehicleFeatures } from "./map/features.ts";
import { NO_OVERLAYS, type Overlays } from "./map/overlays.ts";
import type { RegionMap } from "./model.ts";
import type { Spot } from "./motion.ts";
import type { Look } from "./view/cells.ts";
import { schematic } from "./view/schematic.ts";

const FRAME_MS = 50;

export class MapPane extends LitElement {
  static override properties = {
    region: { attribute: false },
    look: { attribute: false },
    fleet: { attribute: false },
    selected: { attribute: false },
    onChoose: { attribute: false },
    onPlace: { attribute: false },
    overlays: { attribute: false },
    state: { state: true },
  };

  declare region: RegionMap | null;
  declare look: Look;
  declare fleet: Fleet;
  declare selected: string | null;
  declare onChoose: (id: string) => void;
  declare onPlace: (lon: number, lat: number) => void;
  declare overlays: Overlays;
  declare state: "waiting" | "moving" | "plain" | "failed";
  private map: LiveMap | null = null;
  private isLoading = false;
  /** A place to show as soon as there is a map. */
  private wanted: Spot | null = null;
  private frame = 0;
  private drawnAt_ms = 0;

  constructor() {
    super();
    this.region = null;
    this.selected = null;
    this.overlays = NO_OVERLAYS;
    this.onPlace = () => undefined;
    this.state = "waiting";
  }

  override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    cancelAnimationFrame(this.frame);
    this.map?.remove();
    this.map = null;
    this.state = "waiting";
    this.isLoading = false;
  }

  /** Bring a vehicle into view. */
  show(id: string): void {
    const spot = this.fleet.spot(id, performance.now());
    if (spot) this.map?.show(spot.lon, spot.lat);
  }

  /** Bring a place into view, now or once the map is drawn. */
  showSpot(spot: Spot): void {
    if (this.map !== null && this.state === "moving") this.map.show(spot.lon, spot.lat);
    else this.wanted = spot;
  }

  showAll(): void {
    this.map?.showAll();
  }

  /** Ids the renderer really drew. */
  drawnVehicles(): string[] {
    return this.map?.drawnVehicles() ?? [];
  }

  /** How many things of a layer the renderer really drew. */
  drawnOf(layer: string): number {
    return this.map?.drawnOf(layer) ?? 0;
  }

  protected override render(): TemplateResult {
    const { words } = this.look;
    return html`<div class="map__canvas" ?hidden=${this.state === "plain"}></div>
      ${this.state === "waiting" ? html`<p class="map__note" role="status">${words.mapLoading}</p>` : nothing}
      ${this.state === "failed" ? html`<p class="map__note" role="status">${words.mapFailed}</p>` : nothing}
      ${this.state === "plain" && this.region
        ? html`<p class="map__note map__note--plain" role="status">${words.noMap}</p>
            ${schematic(this.region, this.fleet.vehicles, this.look)}`
        : nothing}
      ${this.region ? html`<p class="map__source">${this.region.attribution}</p>` : nothing}`;
  }

  protected override updated(): void {
    if (this.region !== null && this.map === null && !this.isLoading) void this.load(this.region);
    this.draw();
    this.glide();
  }

  private async load(region: RegionMap): Promise<void> {
    this.isLoading = true;
    if (!canDraw()) {
      this.state = "plain";
      return;
    }
    try {
      const [{ LiveMap }] = await Promise.all([import("./map/live-map.ts"), fontsReady()]);
      const container = this.querySelector<HTMLElement>(".map__canvas");
      if (!this.isConnected || container === null) return;
      this.map = new LiveMap({
        container,
        region,
        label: this.look.words.mapLabel,
        language: this.look.language,
        onChoose: (id) => this.onChoose(id),
        onPlace: (lon, lat) => this.onPlace(lon, lat),
        onFailure: () => this.giveUp(),
      });
      this.map.map.once("load", () => {
        this.state = "moving";
        this.draw();
        if (this.wanted !== null) this.map?.show(this.wanted.lon, this.wanted.lat);
        this.wanted = null;
      });
    } catch {
      this.state = "failed";
    }
  }

  private giveUp(): void {
    this.map?.remove();
    this.map = null;
    this.state = "plain";
  }

  private draw(): void {
    if (this.map === null || this.state !== "moving") return;
    const now_ms = performance.now();
    this.drawnAt_ms = now_ms;
    this.map.lay(this.overlays);
    this.map.draw(vehicleFeatures(this.fleet, this.selected, now_ms, this.look.words, this.look.language));
  }

  private glide(): void {
    cancelAnimationFrame(this.frame);
    const step = (): void => {
      const now_ms = performance.now();
      if (now_ms - this.drawnAt_ms >= FRAME_MS) this.draw();
      if (this.fleet.isGliding(now_ms)) this.frame = requestAnimationFrame(step);
      else this.draw();
    };
    this.frame = requestAnimationFrame(step);
  }
}

function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

async function fontsReady(): Promise<void> {
  await Promise.allSettled([
    document.fonts.load('400 16px "Atkinson Hyperlegible Next Variable"'),
    document.fonts.load('700 16px "Atkinson Hyperlegible Next Variable"'),
  ]);
}

customElements.define("map-pane", MapPane);
