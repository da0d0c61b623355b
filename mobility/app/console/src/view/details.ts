// Everything known of the chosen vehicle.
import { html, nothing, type TemplateResult } from "lit";
import type { Vehicle } from "../model.ts";
import { batteryWords, loadWords, speedWords, tripWords } from "../words.ts";
import type { VehicleLink } from "../links.ts";
import { age, delay, doors, known, sign, type Look } from "./cells.ts";
import { linkFacts } from "./link.ts";

export interface DetailsOptions {
  readonly vehicle: Vehicle | undefined;
  readonly link: VehicleLink | undefined;
  readonly look: Look;
  readonly onClose: () => void;
  readonly onShow: (() => void) | null;
  /** Begins a command; null where the reader may not give any. */
  readonly onOrder: (() => void) | null;
  /** The command that is being written to this vehicle. */
  readonly order: TemplateResult | typeof nothing;
}

/** The panel; without a vehicle it says how to get one. */
export function details(options: DetailsOptions): TemplateResult {
  const { vehicle, look } = options;
  const { words } = look;
  if (vehicle === undefined) return html`<p class="details__hint">${words.choose}</p>`;
  const facts: readonly (readonly [string, TemplateResult])[] = [
    [words.trip, html`${tripWords(vehicle, words)}`],
    [words.nextStop, known(vehicle.next_stop, look)],
    [words.delay, delay(vehicle, look)],
    [words.place, html`${look.placeOf(vehicle)}`],
    [words.speed, known(speedWords(vehicle, words), look)],
    [words.mode, html`${modeAndLevel(vehicle, look)}`],
    [words.doors, doors(vehicle, look)],
    [words.passengers, known(loadWords(vehicle, words), look)],
    [words.battery, known(batteryWords(vehicle, words), look)],
    [words.age, age(vehicle, look)],
    [words.asOf, known(look.timeOf(vehicle.as_of), look)],
    [words.position, html`<span class="mono">${vehicle.lat.toFixed(5)}, ${vehicle.lon.toFixed(5)}</span>`],
    ...linkFacts(options.link, look),
  ];
  return html`<div class="details__head">
      <h2>${sign(vehicle, look)} ${vehicle.label} <span class="mono soft">${vehicle.vehicle_id}</span></h2>
      ${options.onOrder === null
        ? nothing
        : html`<button type="button" class="tool details__order" @click=${options.onOrder}>
            ${words.supervision.orderOpen}
          </button>`}
      ${options.onShow === null
        ? nothing
        : html`<button type="button" class="tool" @click=${options.onShow}>${words.follow} <kbd>Enter</kbd></button>`}
      <button type="button" class="tool" @click=${options.onClose}>${words.close} <kbd>Esc</kbd></button>
    </div>
    ${options.order}
    <dl class="details__facts">
      ${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    </dl>`;
}

/** Clock time with seconds of an ISO instant in the region's zone; null for what is no time. */
export function clockTime(iso: string, zone: string): string | null {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return null;
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };
  return moment.toLocaleTimeString("de-DE", zone === "" ? options : { ...options, timeZone: zone });
}

function modeAndLevel(vehicle: Vehicle, look: Look): string {
  const mode = look.words.modes[vehicle.mode];
  return vehicle.sae_level === null ? mode : `${mode} (SAE Level ${vehicle.sae_level})`;
}
