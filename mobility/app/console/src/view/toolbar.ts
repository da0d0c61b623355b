// The line above everything: what is shown, whether it is live, how many need a look.
import { html, nothing, type TemplateResult } from "lit";
import type { View } from "../console-app.ts";
import type { Link } from "../feed.ts";
import type { Vehicle } from "../model.ts";
import { ageWords, filled, punctuality } from "../words.ts";
import type { Look } from "./cells.ts";

export interface ToolbarOptions {
  readonly look: Look;
  readonly view: View;
  /** Requests, approvals and alarms that stand; null where there is no supervision. */
  readonly waiting: number | null;
  /** The dispatcher's page; empty where this reader has none. */
  readonly desk: string;
  readonly link: Link;
  readonly vehicles: readonly Vehicle[];
  readonly clock: string | null;
  readonly now_ms: number;
  readonly onView: (view: View) => void;
  readonly onAll: () => void;
  readonly onHelp: () => void;
}

export function toolbar(options: ToolbarOptions): TemplateResult {
  const { words } = options.look;
  return html`<div class="toolbar">
    <h1 class="toolbar__title">${words.title}</h1>
    ${options.clock === null ? nothing : html`<span class="toolbar__clock mono">${options.clock}</span>`}
    <div class="toolbar__link">${link(options)}</div>
    <p class="toolbar__count">${count(options)}</p>
    <div class="toolbar__tools" role="toolbar" aria-label=${words.toolbar}>
      ${view(options, "map", words.map, "m")} ${view(options, "table", words.table, "t")}
      ${options.waiting === null ? nothing : supervision(options, options.waiting)}
      ${options.desk === "" ? nothing : html`<a class="tool" href=${options.desk}>${words.desk} <kbd>d</kbd></a>`}
      ${options.view === "map"
        ? html`<button type="button" class="tool" @click=${options.onAll}>${words.showAll} <kbd>a</kbd></button>`
        : nothing}
      <button type="button" class="tool" @click=${options.onHelp}>${words.help} <kbd>?</kbd></button>
    </div>
  </div>`;
}

function view(options: ToolbarOptions, name: View, word: string, key: string): TemplateResult {
  return html`<button
    type="button"
    class="tool"
    aria-pressed=${options.view === name ? "true" : "false"}
    @click=${() => options.onView(name)}
  >
    ${word} <kbd>${key}</kbd>
  </button>`;
}

function supervision(options: ToolbarOptions, waiting: number): TemplateResult {
  return html`<button
    type="button"
    class="tool toolbar__supervision ${waiting > 0 ? "tool--waiting" : ""}"
    aria-pressed=${options.view === "supervision" ? "true" : "false"}
    @click=${() => options.onView("supervision")}
  >
    ${options.look.words.supervision.inBrief}
    ${waiting > 0 ? html`<b class="tool__count">${waiting}</b>` : nothing} <kbd>s</kbd>
  </button>`;
}

/** Only the word is announced; the growing age beside it is not. */
function link(options: ToolbarOptions): TemplateResult {
  const { words, language } = options.look;
  const silence = `${words.since} ${ageWords((options.now_ms - options.link.since_ms) / 1000, language)}`;
  switch (options.link.kind) {
    case "connecting":
      return html`<span role="status" class="state state--unknown">${words.connecting}</span>`;
    case "live":
      return html`<span role="status" class="state state--running">${words.live}</span>`;
    case "polling":
      return html`<span role="status" class="state state--late">${words.liveLost}</span>
        <span>${silence}, ${words.polling}</span>`;
    case "silent":
      return html`<span role="status" class="state state--cancelled">${words.liveLost}</span>
        <span>${silence}, ${words.noAnswer}</span>`;
  }
}

function count(options: ToolbarOptions): string {
  const { words, freshnessOf } = options.look;
  if (options.vehicles.length === 0) return "";
  const late = options.vehicles.filter((vehicle) => vehicle.trip_id !== null && punctuality(vehicle) === "late").length;
  const lost = options.vehicles.filter((vehicle) => freshnessOf(vehicle.vehicle_id) === "lost").length;
  const text = options.vehicles.length === 1 ? words.tallyOne : words.tally;
  return filled(text, { count: options.vehicles.length, late, lost });
}
