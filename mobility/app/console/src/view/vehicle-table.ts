// The vehicles as a table: dense beside the map, with place and position as the map's twin in words.
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Vehicle } from "../model.ts";
import { batteryWords, loadWords, speedWords, tripWords } from "../words.ts";
import { age, blank, delay, doors, known, sign, type Look } from "./cells.ts";

interface Column {
  readonly name: string;
  readonly title: string;
  readonly cell: (vehicle: Vehicle) => TemplateResult;
  /** The whole text of a cell that may be cut off. */
  readonly whole?: (vehicle: Vehicle) => string | null;
}

export interface TableOptions {
  readonly vehicles: readonly Vehicle[];
  readonly selected: string | null;
  readonly isTwin: boolean;
  readonly onChoose: (id: string) => void;
}

/** The table; `isTwin` adds what only the map shows otherwise. */
export function vehicleTable(options: TableOptions, look: Look): TemplateResult {
  const { words } = look;
  if (options.vehicles.length === 0) {
    return html`<div class="empty"><p class="empty__lead">${words.none}</p><p>${words.noneHint}</p></div>`;
  }
  const columns = [...dense(look), ...(options.isTwin ? twin(look) : [])];
  const focusable = options.selected ?? options.vehicles[0]?.vehicle_id;
  return html`<table class="fleet ${options.isTwin ? "fleet--twin" : ""}">
    <caption class="visually-hidden">${words.caption}</caption>
    <thead>
      <tr>
        <th scope="col">${words.vehicle}</th>
        ${columns.map((column) => html`<th scope="col" class="col-${column.name}">${column.title}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${repeat(
        options.vehicles,
        (vehicle) => vehicle.vehicle_id,
        (vehicle) => row(vehicle, columns, vehicle.vehicle_id === focusable, options, look),
      )}
    </tbody>
  </table>`;
}

function row(
  vehicle: Vehicle,
  columns: readonly Column[],
  isFocusable: boolean,
  options: TableOptions,
  look: Look,
): TemplateResult {
  const id = vehicle.vehicle_id;
  const isSelected = id === options.selected;
  return html`<tr
    class="fleet__row is-${look.freshnessOf(id)} ${isSelected ? "is-selected" : ""}"
    data-vehicle=${id}
    @click=${() => options.onChoose(id)}
  >
    <th scope="row">
      <button
        type="button"
        class="fleet__pick"
        tabindex=${isFocusable ? 0 : -1}
        aria-pressed=${isSelected ? "true" : "false"}
      >
        ${sign(vehicle, look)}<span class="fleet__label">${vehicle.label}</span>
      </button>
    </th>
    ${columns.map(
      (column) =>
        html`<td class="col-${column.name}" data-label=${column.title} title=${column.whole?.(vehicle) ?? nothing}>
          ${column.cell(vehicle)}
        </td>`,
    )}
  </tr>`;
}

function dense(look: Look): readonly Column[] {
  const { words } = look;
  return [
    { name: "trip", title: words.trip, cell: (vehicle) => trip(vehicle, look), whole: (vehicle) => tripWords(vehicle, words) },
    { name: "stop", title: words.nextStop, cell: (vehicle) => known(vehicle.next_stop, look), whole: (vehicle) => vehicle.next_stop },
    { name: "delay", title: words.delay, cell: (vehicle) => delay(vehicle, look) },
    { name: "mode", title: words.mode, cell: (vehicle) => mode(vehicle, look) },
    { name: "load", title: words.passengers, cell: (vehicle) => known(loadWords(vehicle, words), look) },
    { name: "doors", title: words.doors, cell: (vehicle) => doors(vehicle, look) },
    { name: "battery", title: words.battery, cell: (vehicle) => known(batteryWords(vehicle, words), look) },
    { name: "age", title: words.age, cell: (vehicle) => age(vehicle, look) },
  ];
}

function twin(look: Look): readonly Column[] {
  const { words } = look;
  return [
    { name: "speed", title: words.speed, cell: (vehicle) => known(speedWords(vehicle, words), look) },
    { name: "place", title: words.place, cell: (vehicle) => html`${look.placeOf(vehicle)}`, whole: look.placeOf },
    {
      name: "position",
      title: words.position,
      cell: (vehicle) => html`<span class="mono">${vehicle.lat.toFixed(5)}, ${vehicle.lon.toFixed(5)}</span>`,
    },
  ];
}

function trip(vehicle: Vehicle, look: Look): TemplateResult {
  if (vehicle.route === null) return html`<span class="soft">${tripWords(vehicle, look.words)}</span>`;
  return html`<b class="route">${vehicle.route}</b>${vehicle.headsign === null ? nothing : html` ${vehicle.headsign}`}`;
}

function mode(vehicle: Vehicle, look: Look): TemplateResult {
  if (vehicle.mode === "unknown") return blank(look);
  const isAlarming = vehicle.mode === "minimal_risk";
  return html`<span class=${isAlarming ? "state state--cancelled" : nothing}>${look.words.modes[vehicle.mode]}</span>`;
}
