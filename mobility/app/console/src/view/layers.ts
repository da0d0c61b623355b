// Switches of the map's layers, and each layer as a table: the map's twin in words.
import { html, nothing, type TemplateResult } from "lit";
import type { LayerFeed } from "../layers/feed.ts";
import { figure, LAYERS, middle, PATHS, words as wordsIn, type LayerFeature, type LayerName } from "../layers/model.ts";
import type { Place } from "../supervision/model.ts";
import { filled } from "../words.ts";
import { blank, type Look } from "./cells.ts";
import { wordFor } from "./command-words.ts";
import { percent } from "./link.ts";

const MOST_ROWS = 100;

/** The row of switches; the same over the map and over the tables. */
export function layerSwitches(feed: LayerFeed, look: Look): TemplateResult {
  const words = look.words.layers;
  return html`<div class="layers" role="group" aria-label=${words.title}>
    ${LAYERS.map(
      (layer, index) =>
        html`<button
          type="button"
          class="tool"
          aria-pressed=${feed.state(layer) === undefined ? "false" : "true"}
          @click=${() => feed.toggle(layer)}
        >
          ${words.names[layer]} <kbd>${index + 1}</kbd>
        </button>`,
    )}
  </div>`;
}

/** What thick and dashed mean on the map, for the layers that are on; anywhere what is empty or not there yet. */
export function layerNotes(feed: LayerFeed, look: Look, isMap: boolean): TemplateResult {
  const words = look.words.layers;
  return html`<div role="status"><ul class="layers__notes">
    ${feed.on.map((layer) => {
      const state = feed.state(layer);
      const name = words.names[layer];
      if (state?.kind === "loading") return html`<li>${filled(words.loading, { layer: name })}</li>`;
      if (state?.kind === "failed") return html`<li>${filled(words.failed, { layer: name })}</li>`;
      if (state?.features.length === 0) return html`<li><b>${name}:</b> ${words.empty[layer]}</li>`;
      return isMap ? html`<li><b>${name}:</b> ${words.legends[layer]}</li>` : nothing;
    })}
  </ul></div>`;
}

export function causeWords(row: LayerFeature["row"], look: Look): string {
  const words = look.words.layers;
  const cause = wordsIn(row, "cause");
  const isKnown = Object.hasOwn(words.causes, cause);
  return isKnown ? wordFor(words.causes, cause) : filled(words.otherCause, { code: String(row["cause_code"] ?? "?") });
}

/** The tables of the layers that are on. */
export function layerTables(feed: LayerFeed, look: Look, onPlace: (place: Place) => void): TemplateResult {
  return html`${feed.on.map((layer) => {
    const features = feed.state(layer)?.features ?? [];
    return features.length === 0 ? nothing : table(layer, features, look, onPlace);
  })}`;
}

type Cell = readonly [string, (row: LayerFeature["row"]) => string | null];

function table(
  layer: LayerName,
  features: readonly LayerFeature[],
  look: Look,
  onPlace: (place: Place) => void,
): TemplateResult {
  const words = look.words.layers;
  const columns = columnsOf(layer, look);
  const shown = features.slice(0, MOST_ROWS);
  return html`<table class="sheet sheet--layer" data-layer=${layer}>
      <caption>${words.captions[layer]}</caption>
      <thead>
        <tr>
          ${columns.map(([head]) => html`<th scope="col">${head}</th>`)}
          <th scope="col">${words.position}</th>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (each) =>
            html`<tr>
              ${columns.map(([head, cell]) => html`<td data-label=${head}>${cell(each.row) ?? blank(look)}</td>`)}
              <td data-label=${words.position}>${position(each, onPlace)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${features.length > MOST_ROWS
      ? html`<p class="soft sheet__more">${filled(words.more, { n: features.length - MOST_ROWS, path: PATHS[layer] })}</p>`
      : nothing}`;
}

function position(each: LayerFeature, onPlace: (place: Place) => void): TemplateResult | typeof nothing {
  const spot = middle(each.geometry);
  if (spot === null) return nothing;
  const [lon = 0, lat = 0] = spot;
  return html`<button type="button" class="tool mono" @click=${() => onPlace({ lat, lon })}>
    ${lat.toFixed(5)}, ${lon.toFixed(5)}
  </button>`;
}

function columnsOf(layer: LayerName, look: Look): readonly Cell[] {
  const words = look.words.layers;
  const number = (name: string, unit: string, digits = 0): Cell[1] => {
    return (row) => {
      const value = figure(row, name);
      const text = value?.toFixed(digits) ?? null;
      return text === null ? null : `${look.language === "de" ? text.replace(".", ",") : text}${unit}`;
    };
  };
  const time = (name: string): Cell[1] => (row) => look.timeOf(wordsIn(row, name));
  const near: Cell = [words.near, (row) => wordsIn(row, "near") || null];
  const section: Cell = [words.section, (row) => span(row)];
  const passes: Cell = [words.passes, number("passes", "")];
  switch (layer) {
    case "coverage":
      return [
        near,
        section,
        [words.late, (row) => orNull(figure(row, "late_frac"), (frac) => percent(frac, look))],
        [words.samples, number("samples", "")],
        passes,
        [words.rtt, number("rtt_p50_ms", " ms")],
        [words.reconnects, number("reconnects", "")],
      ];
    case "roughness":
      return [
        near,
        section,
        [words.roadClass, (row) => wordFor(words.classes, wordsIn(row, "class")) || null],
        [words.roughness, number("roughness_mps2", " m/s²", 2)],
        passes,
      ];
    case "junctions":
      return [
        near,
        [words.meanDelay, number("mean_delay_s", " s")],
        [words.p90Delay, number("p90_delay_s", " s")],
        [words.freeFlow, (row) => orNull(figure(row, "free_flow_mps"), (speed) => `${Math.round(speed * 3.6)} km/h`)],
        passes,
      ];
    case "hazards":
      return [
        [words.cause, (row) => causeWords(row, look)],
        near,
        [words.detected, time("detected_at")],
        [words.until, time("valid_until")],
        [words.reportedBy, (row) => wordsIn(row, "reported_by") || null],
      ];
  }
}

function span(row: LayerFeature["row"]): string | null {
  const from = figure(row, "from_m");
  const to = figure(row, "to_m");
  return from === null || to === null ? null : `${figure(row, "edge") ?? "–"}: ${Math.round(from)}–${Math.round(to)} m`;
}

function orNull(value: number | null, say: (value: number) => string): string | null {
  return value === null ? null : say(value);
}
