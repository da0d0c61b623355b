// Small pieces that list, table and details share: sign with name, punctuality, age of data.
import { html, nothing, type TemplateResult } from "lit";
import type { Freshness } from "../freshness.ts";
import type { Vehicle } from "../model.ts";
import type { Spot } from "../motion.ts";
import { signSvg } from "../sign.ts";
import { ageWords, delayWords, punctuality, type Language, type Punctuality, type Words } from "../words.ts";

/** What every view needs to speak of the fleet at one moment. */
export interface Look {
  readonly words: Words;
  readonly language: Language;
  readonly ageOf: (id: string) => number;
  readonly freshnessOf: (id: string) => Freshness;
  readonly placeOf: (spot: Spot) => string;
  readonly vehicleOf: (id: string) => Vehicle | undefined;
  /** Clock time with seconds in the region's zone. */
  readonly timeOf: (iso: string) => string | null;
}

const STATE_CLASS: Readonly<Record<Punctuality, string>> = {
  "on-time": "state--running",
  late: "state--late",
  early: "state--late",
  unknown: "state--unknown",
  cancelled: "state--cancelled",
};

/** The service's sign; its name is read out. */
export function sign(vehicle: Vehicle, look: Look): TemplateResult {
  return html`${signSvg(vehicle.kind, look.freshnessOf(vehicle.vehicle_id))}<span class="visually-hidden"
      >${look.words.kinds[vehicle.kind]}
    </span>`;
}

/** Sign and name of a vehicle that may not have been heard of. */
export function named(id: string, look: Look): TemplateResult {
  const vehicle = look.vehicleOf(id);
  return vehicle === undefined ? html`<span class="mono">${id}</span>` : html`${sign(vehicle, look)} ${vehicle.label}`;
}

/** A vehicle's name without its sign. */
export function labelOf(id: string, look: Look): string {
  return look.vehicleOf(id)?.label ?? id;
}

/** Punctuality as a word and a shape. A vehicle without a trip has none. */
export function delay(vehicle: Vehicle, look: Look): TemplateResult {
  if (vehicle.trip_id === null) return blank(look);
  return html`<span class="state ${STATE_CLASS[punctuality(vehicle)]}">${delayWords(vehicle, look.language)}</span>`;
}

/** Age of the data; beyond the limits it says in words what that means. */
export function age(vehicle: Vehicle, look: Look): TemplateResult {
  const freshness = look.freshnessOf(vehicle.vehicle_id);
  const text = ageWords(look.ageOf(vehicle.vehicle_id), look.language);
  if (freshness === "fresh") return html`<span class="age">${text}</span>`;
  const word = freshness === "lost" ? look.words.lostShort : look.words.stale;
  return html`<span class="age age--${freshness}">${text} <span class="age__word">${word}</span></span>`;
}

/** A dash for the eye, the words for the ear. */
export function blank(look: Look): TemplateResult {
  return html`<span class="blank" aria-hidden="true">–</span><span class="visually-hidden">${look.words.unknown}</span>`;
}

/** The words, or a blank where nothing is known. */
export function known(text: string | null, look: Look): TemplateResult {
  return text === null || text === look.words.unknown ? blank(look) : html`${text}`;
}

/** Door state; open doors and a ramp out are marked. */
export function doors(vehicle: Vehicle, look: Look): TemplateResult {
  if (vehicle.doors === "unknown") return blank(look);
  const isOpen = vehicle.doors !== "closed";
  return html`<span class=${isOpen ? "is-open" : nothing}>${look.words.doorStates[vehicle.doors]}</span>`;
}
