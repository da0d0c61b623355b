// The control room: toolbar, vehicles, map or its table twin, details; fed by the live stream, driven by keys.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Feed, type Link } from "./feed.ts";
import { Fleet } from "./fleet.ts";
import { listenToKeys } from "./keys.ts";
import type { MapPane } from "./map-pane.ts";
import type { RegionMap, Report, Vehicle } from "./model.ts";
import { fetchRegion, placesOf } from "./region.ts";
import { clockTime, details } from "./view/details.ts";
import type { Look } from "./view/cells.ts";
import { help } from "./view/help.ts";
import { toolbar } from "./view/toolbar.ts";
import { vehicleTable } from "./view/vehicle-table.ts";
import { placeWords, wordsOf, type Language, type NamedSpot } from "./words.ts";

export type View = "map" | "table";

const TICK_MS = 500;
const KEYS_SETTING = "console.keys";

export class MobilityConsole extends LitElement {
  static override properties = {
    language: { type: String },
    zone: { type: String },
    clockSpeed: { type: Number, attribute: "clock-speed" },
    view: { state: true },
    selected: { state: true },
    link: { state: true },
    region: { state: true },
    areKeysOn: { state: true },
  };

  declare language: Language;
  declare zone: string;
  declare clockSpeed: number;
  declare view: View;
  declare selected: string | null;
  declare link: Link;
  declare region: RegionMap | null;
  declare areKeysOn: boolean;
  private fleet!: Fleet;
  private feed!: Feed;
  private places: readonly NamedSpot[] = [];
  private serverNow: { readonly at_ms: number; readonly instant_ms: number } | null = null;
  private ticking = 0;
  private forgetKeys: () => void = () => undefined;

  constructor() {
    super();
    this.language = "de";
    this.zone = "";
    this.clockSpeed = 1;
    this.view = location.hash === "#table" ? "table" : "map";
    this.selected = null;
    this.link = { kind: "connecting", since_ms: performance.now() };
    this.region = null;
    this.areKeysOn = localStorage.getItem(KEYS_SETTING) !== "off";
  }

  override createRenderRoot(): HTMLElement {
    // The server's own table has stood here until now.
    this.replaceChildren();
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    this.fleet = new Fleet(this.clockSpeed > 0 ? this.clockSpeed : 1, () => !still.matches);
    this.feed = new Feed(
      (report, isWhole) => this.take(report, isWhole),
      (link) => (this.link = link),
    );
    this.feed.start();
    this.ticking = window.setInterval(() => this.requestUpdate(), TICK_MS);
    this.forgetKeys = listenToKeys({
      isOn: () => this.areKeysOn,
      view: (view) => this.open(view),
      all: () => this.pane?.showAll(),
      help: () => this.openHelp(),
      escape: () => (this.selected = null),
      move: (step) => this.move(step),
    });
    void fetchRegion().then((region) => {
      this.places = placesOf(region);
      this.region = region;
    });
    Object.assign(window, { __console: { drawnVehicles: () => this.pane?.drawnVehicles() ?? [] } });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.feed.stop();
    this.forgetKeys();
    window.clearInterval(this.ticking);
  }

  protected override render(): TemplateResult {
    const look = this.look();
    const chosen = this.selected === null ? undefined : this.fleet.get(this.selected);
    const isMap = this.view === "map";
    return html`${toolbar({
        look,
        view: this.view,
        link: this.link,
        vehicles: this.fleet.vehicles,
        clock: this.clock(),
        now_ms: performance.now(),
        onView: (view) => this.open(view),
        onAll: () => this.pane?.showAll(),
        onHelp: () => this.openHelp(),
      })}
      <div class="room room--${this.view}">
        ${isMap
          ? html`<section class="room__map" aria-label=${look.words.map}>
              <map-pane
                .region=${this.region}
                .look=${look}
                .fleet=${this.fleet}
                .selected=${this.selected}
                .onChoose=${(id: string) => this.choose(id)}
              ></map-pane>
            </section>`
          : nothing}
        <section class="room__list" aria-label=${look.words.vehicles} tabindex="-1">
          ${vehicleTable(
            {
              vehicles: this.fleet.vehicles,
              selected: this.selected,
              isTwin: !isMap,
              onChoose: (id) => this.choose(id),
            },
            look,
          )}
        </section>
        <section class="room__details" aria-label=${look.words.details}>
          ${details(
            chosen,
            this.zone,
            look,
            () => (this.selected = null),
            isMap && chosen ? () => this.pane?.show(chosen.vehicle_id) : null,
          )}
        </section>
      </div>
      ${help(
        look.words,
        this.areKeysOn,
        (areOn) => this.switchKeys(areOn),
        () => undefined,
      )}`;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has("view")) history.replaceState(null, "", this.view === "table" ? "#table" : location.pathname + location.search);
  }

  private get pane(): MapPane | null {
    return this.querySelector<MapPane>("map-pane");
  }

  private look(): Look {
    const now_ms = performance.now();
    const words = wordsOf(this.language);
    return {
      words,
      language: this.language,
      ageOf: (id) => this.fleet.age_s(id, now_ms),
      freshnessOf: (id) => this.fleet.freshness(id, now_ms),
      placeOf: (vehicle: Vehicle) => placeWords(vehicle, this.places, this.language),
    };
  }

  private take(report: Report, isWhole: boolean): void {
    const at_ms = performance.now();
    const instant_ms = report.now === null ? Number.NaN : Date.parse(report.now);
    if (!Number.isNaN(instant_ms)) this.serverNow = { at_ms, instant_ms };
    this.fleet.take(report, isWhole, at_ms);
    this.requestUpdate();
  }

  private clock(): string | null {
    if (this.serverNow === null) return null;
    const passed_ms = (performance.now() - this.serverNow.at_ms) * this.clockSpeed;
    return clockTime(new Date(this.serverNow.instant_ms + passed_ms).toISOString(), this.zone);
  }

  private open(view: View): void {
    this.view = view;
  }

  private choose(id: string): void {
    this.selected = id;
    this.pane?.show(id);
  }

  private move(step: 1 | -1): void {
    const picks = [...this.querySelectorAll<HTMLButtonElement>(".fleet__pick")];
    const here = picks.indexOf(document.activeElement as HTMLButtonElement);
    const start = here < 0 ? picks.findIndex((pick) => pick.tabIndex === 0) : here + step;
    const next = picks[Math.min(picks.length - 1, Math.max(0, start))];
    for (const pick of picks) pick.tabIndex = pick === next ? 0 : -1;
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  private openHelp(): void {
    const dialog = this.querySelector<HTMLDialogElement>("dialog.help");
    if (dialog !== null && !dialog.open) dialog.showModal();
  }

  private switchKeys(areOn: boolean): void {
    this.areKeysOn = areOn;
    localStorage.setItem(KEYS_SETTING, areOn ? "on" : "off");
  }
}

customElements.define("mobility-console", MobilityConsole);
