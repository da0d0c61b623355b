// The control room: toolbar, what can not wait, map, tables or supervision, vehicles, details; driven by keys.
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { Announcer } from "./announcer.ts";
import { Feed, type Link } from "./feed.ts";
import { Fleet } from "./fleet.ts";
import { listenToKeys } from "./keys.ts";
import { LayerFeed } from "./layers/feed.ts";
import { LAYERS } from "./layers/model.ts";
import { LinkFeed } from "./links.ts";
import type { MapPane } from "./map-pane.ts";
import type { RegionMap, Report, Vehicle } from "./model.ts";
import type { Spot } from "./motion.ts";
import { OverlayKeeper } from "./overlays.ts";
import { fetchRegion, placesOf } from "./region.ts";
import { Desk } from "./supervision/desk.ts";
import { clockTime, details } from "./view/details.ts";
import type { Look } from "./view/cells.ts";
import { help } from "./view/help.ts";
import { causeWords, layerNotes, layerSwitches, layerTables } from "./view/layers.ts";
import { order } from "./view/order.ts";
import { requests } from "./view/requests.ts";
import { supervision } from "./view/supervision.ts";
import { toolbar } from "./view/toolbar.ts";
import { vehicleTable } from "./view/vehicle-table.ts";
import { placeWords, wordsOf, type Language, type NamedSpot } from "./words.ts";

export type View = "map" | "table" | "supervision";

const TICK_MS = 500;
const KEYS_SETTING = "console.keys";
const NO_ROUTE: readonly Spot[] = [];
const HASHES: Readonly<Record<string, View>> = { "#table": "table", "#supervision": "supervision" };

export class MobilityConsole extends LitElement {
  static override properties = {
    language: { type: String },
    zone: { type: String },
    clockSpeed: { type: Number, attribute: "clock-speed" },
    actor: { type: String },
    duty: { type: String },
    dispatchDesk: { type: String, attribute: "desk" },
    view: { state: true },
    selected: { state: true },
    link: { state: true },
    region: { state: true },
    areKeysOn: { state: true },
  };

  declare language: Language;
  declare zone: string;
  declare clockSpeed: number;
  /** Who reads this, as an actor of the ledger, and in which role; empty where the server asks nobody. */
  declare actor: string;
  declare duty: string;
  /** Address of the dispatcher's page; empty where this reader has none. */
  declare dispatchDesk: string;
  declare view: View;
  declare selected: string | null;
  declare link: Link;
  declare region: RegionMap | null;
  declare areKeysOn: boolean;
  private fleet!: Fleet;
  private feed!: Feed;
  private desk!: Desk;
  private links!: LinkFeed;
  private layers!: LayerFeed;
  private readonly overlays = new OverlayKeeper();
  private readonly announcer = new Announcer(
    this,
    () => this.desk,
    () => this.look(),
    () => this.requestUpdate(),
  );
  private places: readonly NamedSpot[] = [];
  private serverNow: { readonly at_ms: number; readonly instant_ms: number } | null = null;
  private ticking = 0;
  private forgetKeys: () => void = () => undefined;

  constructor() {
    super();
    this.language = "de";
    this.zone = "";
    this.clockSpeed = 1;
    this.actor = "";
    this.duty = "";
    this.dispatchDesk = "";
    this.view = HASHES[location.hash] ?? "map";
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
    const speed = this.clockSpeed > 0 ? this.clockSpeed : 1;
    this.fleet = new Fleet(speed, () => !still.matches);
    this.desk = new Desk(speed, this.announcer);
    this.links = new LinkFeed(
      () => this.selected !== null,
      () => this.requestUpdate(),
    );
    this.layers = new LayerFeed(() => this.requestUpdate());
    this.feed = new Feed(
      (report, isWhole) => this.take(report, isWhole),
      (link) => (this.link = link),
    );
    for (const part of [this.feed, this.desk, this.links, this.layers]) part.start();
    this.ticking = window.setInterval(() => this.requestUpdate(), TICK_MS);
    this.forgetKeys = listenToKeys({
      isOn: () => this.areKeysOn,
      view: (view) => this.open(view),
      all: () => this.pane?.showAll(),
      help: () => this.openHelp(),
      layer: (index) => this.switchLayer(index),
      desk: () => this.leaveForDesk(),
      request: () => this.announcer.focus(".request h3"),
      escape: () => this.escape(),
      move: (step) => this.move(step),
    });
    void fetchRegion().then((region) => {
      this.places = placesOf(region);
      this.region = region;
    });
    Object.assign(window, {
      __console: {
        drawnVehicles: () => this.pane?.drawnVehicles() ?? [],
        drawnOf: (layer: string) => this.pane?.drawnOf(layer) ?? 0,
      },
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const part of [this.feed, this.desk, this.links, this.layers]) part.stop();
    this.forgetKeys();
    window.clearInterval(this.ticking);
  }

  protected override render(): TemplateResult {
    const look = this.look();
    return html`${toolbar({
        look,
        view: this.view,
        desk: this.dispatchDesk,
        link: this.link,
        vehicles: this.fleet.vehicles,
        waiting: this.waiting(),
        clock: this.clock(),
        now_ms: performance.now(),
        onView: (view) => this.open(view),
        onAll: () => this.pane?.showAll(),
        onHelp: () => this.openHelp(),
      })}
      <p class="visually-hidden" role="status" aria-live="polite">${this.announcer.text}</p>
      ${requests({ desk: this.desk, look, mayDecide: this.may("supervisor"), onPlace: (place) => this.showSpot(place) })}
      <div class="room room--${this.view}">
        ${this.view === "map" ? this.mapRoom(look) : nothing}
        ${this.view === "supervision" ? this.supervisionRoom(look) : nothing}
        <section class="room__list" aria-label=${look.words.vehicles} tabindex="-1">
          ${vehicleTable(
            {
              vehicles: this.fleet.vehicles,
              selected: this.selected,
              isTwin: this.view === "table",
              onChoose: (id) => this.choose(id),
            },
            look,
          )}
          ${this.view === "table" ? this.tables(look) : nothing}
        </section>
        <section class="room__details ${this.desk.order === null ? "" : "room__details--order"}" aria-label=${look.words.details}>
          ${this.details(look)}
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
    if (changed.has("view")) {
      const path = location.pathname + location.search;
      history.replaceState(null, "", this.view === "map" ? path : `#${this.view}`);
    }
    this.announcer.settle();
  }

  private mapRoom(look: Look): TemplateResult {
    const asking = (this.desk.overview?.requests ?? []).flatMap((each) => (each.place === null ? [] : [each.place]));
    const route = this.desk.order?.points ?? NO_ROUTE;
    return html`<section class="room__map" aria-label=${look.words.map}>
      <div class="room__layers">${layerSwitches(this.layers, look)} ${layerNotes(this.layers, look, true)}</div>
      <map-pane
        .region=${this.region}
        .look=${look}
        .fleet=${this.fleet}
        .selected=${this.selected}
        .overlays=${this.overlays.now(this.layers, asking, route, (row) => causeWords(row, look))}
        .onChoose=${(id: string) => this.choose(id)}
        .onPlace=${(lon: number, lat: number) => this.pressPlace(lon, lat)}
      ></map-pane>
    </section>`;
  }

  private supervisionRoom(look: Look): TemplateResult {
    return html`<section class="room__supervision" aria-label=${look.words.supervision.title}>
      ${supervision({
        desk: this.desk,
        look,
        me: this.actor,
        mayApprove: this.may("approver"),
        onVehicle: (id) => this.choose(id),
        onCall: this.may("supervisor") ? (id) => this.call(id) : null,
      })}
    </section>`;
  }

  private tables(look: Look): TemplateResult {
    return html`<div class="room__layers">${layerSwitches(this.layers, look)} ${layerNotes(this.layers, look, false)}</div>
      ${layerTables(this.layers, look, (place) => this.showSpot(place))}`;
  }

  private details(look: Look): TemplateResult {
    const chosen = this.selected === null ? undefined : this.fleet.get(this.selected);
    const draft = this.desk.order;
    const mayOrder = chosen !== undefined && this.desk.overview !== null && this.may("supervisor");
    const isOrdering = draft !== null && chosen !== undefined && draft.vehicle_id === chosen.vehicle_id;
    return details({
      vehicle: chosen,
      link: this.selected === null ? undefined : this.links.links.get(this.selected),
      look,
      onClose: () => this.escape(),
      onShow: chosen && this.view === "map" ? () => this.pane?.show(chosen.vehicle_id) : null,
      onOrder: mayOrder && !isOrdering ? () => this.desk.openOrder(chosen.vehicle_id) : null,
      order: isOrdering ? order({ desk: this.desk, draft, vehicle: chosen, places: this.places, look }) : nothing,
    });
  }

  /** A role may do its own; where the server asks for no roles everybody may try. */
  private may(role: string): boolean {
    return this.duty === "" || this.duty === role;
  }

  private waiting(): number | null {
    const { overview, reach } = this.desk;
    if (reach === "absent") return null;
    if (overview === null) return 0;
    const proposed = overview.commands.filter((each) => each.state === "proposed").length;
    return overview.requests.length + proposed + overview.alarms.length;
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
      placeOf: (spot: Spot) => placeWords(spot, this.places, this.language),
      vehicleOf: (id: string): Vehicle | undefined => this.fleet.get(id),
      timeOf: (iso: string) => clockTime(iso, this.zone),
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

  private leaveForDesk(): void {
    if (this.dispatchDesk !== "") location.assign(this.dispatchDesk);
  }

  private choose(id: string): void {
    if (this.desk.order !== null && this.desk.order.vehicle_id !== id) this.desk.order = null;
    this.selected = id;
    this.pane?.show(id);
    void this.links.ask();
  }

  /** Passengers of a vehicle that stopped in minimal risk are spoken to at once (StVG §1f(2) no. 4). */
  private call(id: string): void {
    this.choose(id);
    this.desk.openOrder(id, "open_support_call");
  }

  /** First the command that is being written, then the choice. */
  private escape(): void {
    if (this.desk.order !== null) this.desk.closeOrder();
    else this.selected = null;
  }

  private showSpot(spot: Spot): void {
    this.view = "map";
    void this.updateComplete.then(() => this.pane?.showSpot(spot));
  }

  /** A press on the map adds a point to the route that is being written; otherwise it means nothing. */
  private pressPlace(lon: number, lat: number): void {
    const draft = this.desk.order;
    if (draft?.step === 1 && draft.action === "propose_route") {
      this.desk.addPoint({ lat: Number(lat.toFixed(6)), lon: Number(lon.toFixed(6)) });
    }
  }

  private switchLayer(index: number): void {
    const layer = LAYERS[index];
    if (layer !== undefined) this.layers.toggle(layer);
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
