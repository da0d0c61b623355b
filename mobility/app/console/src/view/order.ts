// A command to a vehicle in two steps: what and why, then a look at it before it is sent.
import { html, nothing, type TemplateResult } from "lit";
import type { Desk } from "../supervision/desk.ts";
import { AT_ONCE, orderable, type Field, type OrderDraft } from "../supervision/drafts.ts";
import type { ActionRule } from "../supervision/model.ts";
import type { Vehicle } from "../model.ts";
import { filled, type NamedSpot } from "../words.ts";
import type { Look } from "./cells.ts";
import { actionWords, stateMark } from "./command-words.ts";
import { textField } from "./field.ts";

export interface OrderOptions {
  readonly desk: Desk;
  readonly draft: OrderDraft;
  readonly vehicle: Vehicle;
  readonly places: readonly NamedSpot[];
  readonly look: Look;
}

export function order(options: OrderOptions): TemplateResult {
  const { draft, look, vehicle } = options;
  const words = look.words.supervision;
  const body = draft.step === 1 ? choosing : draft.step === 2 ? checking : sent;
  return html`<form
    class="order"
    novalidate
    aria-label=${filled(words.orderTitle, { vehicle: vehicle.label })}
    @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      // Enter in a field goes on to the check; only the button there sends.
      if (draft.step === 1) options.desk.checkOrder();
      else if (draft.step === 2 && event.submitter !== null) void options.desk.sendOrder();
    }}
  >
    ${body(options)}
  </form>`;
}

function choosing(options: OrderOptions): TemplateResult {
  const { desk, draft, look, vehicle } = options;
  const words = look.words.supervision;
  const rules = orderable(desk.overview?.rules ?? [], vehicle.sae_level);
  return html`<h3 class="order__step" tabindex="-1">${words.orderStep1}</h3>
    <fieldset class="order__actions ${draft.faults.includes("action") ? "entry--wrong" : ""}">
      <legend>${words.command}</legend>
      ${fault("action", words.needsAction, draft)}
      ${rules.map(
        (rule, index) =>
          html`<label class="order__action"
            ><input
              type="radio"
              name="order-action"
              value=${rule.action}
              data-field=${index === 0 ? "action" : nothing}
              .checked=${draft.action === rule.action}
              @change=${() => desk.writeOrder({ action: rule.action, faults: [] })}
            />
            ${actionWords(rule.action, look.words)}</label
          >`,
      )}
    </fieldset>
    ${draft.action === "announce" ? entry("text", words.announcement, words.needsText, true, options) : nothing}
    ${draft.action === "propose_route" ? route(options) : nothing}
    ${entry(
      "reason",
      AT_ONCE.includes(draft.action) ? words.optional : words.reason,
      words.needsReason,
      !AT_ONCE.includes(draft.action),
      options,
    )}
    <div class="request__actions">
      <button type="submit" class="act">${words.orderNext}</button>
      <button type="button" class="act act--quiet" @click=${() => desk.closeOrder()}>${words.orderCancel}</button>
    </div>`;
}

function entry(
  name: "reason" | "text",
  label: string,
  missing: string,
  isRequired: boolean,
  { desk, draft }: OrderOptions,
): TemplateResult {
  return textField({
    id: `order-${name}`,
    field: name,
    label,
    value: draft[name],
    fault: draft.faults.includes(name) ? missing : null,
    isRequired,
    quick: [],
    onWrite: (text) => desk.writeOrder({ [name]: text, faults: draft.faults.filter((each) => each !== name) }),
  });
}

/** Points by pressing the map or by choosing places; both make the same list. */
function route({ desk, draft, look, places }: OrderOptions): TemplateResult {
  const words = look.words.supervision;
  const choose = (event: Event): void => {
    const list = (event.currentTarget as HTMLElement).closest(".order__route")?.querySelector("select");
    const spot = places[Number(list?.value)];
    if (list && list.value !== "" && spot) desk.addPoint({ lat: spot.lat, lon: spot.lon });
  };
  return html`<div class="order__route entry ${draft.faults.includes("route") ? "entry--wrong" : ""}">
    <label for="order-place">${words.route}</label>
    <p class="soft">${words.routeHint}</p>
    ${fault("route", words.needsRoute, draft)}
    <div class="order__pick">
      <select id="order-place" data-field="route">
        <option value="">${words.choosePlace}</option>
        ${places.map((place, index) => html`<option value=${index}>${place.name}</option>`)}
      </select>
      <button type="button" class="tool" @click=${choose}>${words.addPlace}</button>
      ${draft.points.length === 0
        ? nothing
        : html`<button
            type="button"
            class="tool"
            @click=${() => desk.writeOrder({ points: draft.points.slice(0, -1) })}
          >
            ${words.removeLast}
          </button>`}
    </div>
    <ol class="order__points" aria-live="polite">
      ${draft.points.length === 0 ? html`<li class="soft">${words.noPoints}</li>` : nothing}
      ${draft.points.map((point) => html`<li>${look.placeOf(point)}</li>`)}
    </ol>
  </div>`;
}

function checking({ desk, draft, look, vehicle }: OrderOptions): TemplateResult {
  const words = look.words.supervision;
  const rule = desk.overview?.rules.find((each) => each.action === draft.action);
  const facts: readonly (readonly [string, string])[] = [
    [words.vehicle, vehicle.label],
    [words.command, actionWords(draft.action, look.words)],
    [words.announcement, draft.action === "announce" ? draft.text : ""],
    [words.route, draft.action === "propose_route" ? draft.points.map(look.placeOf).join(" – ") : ""],
    [words.reason, draft.reason],
  ];
  return html`<h3 class="order__step" tabindex="-1">${words.orderStep2}</h3>
    <dl class="order__facts">
      ${facts.filter(([, text]) => text !== "").map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}
    </dl>
    <p>${rule === undefined ? nothing : terms(rule, look)}</p>
    <div class="request__actions">
      <button type="submit" class="act" aria-disabled=${draft.sending.kind === "sending" ? "true" : "false"}>
        ${draft.sending.kind === "unheard" ? words.retry : words.orderSend}
      </button>
      <button type="button" class="act act--quiet" @click=${() => desk.backToOrder()}>${words.orderBack}</button>
      <button type="button" class="act act--quiet" @click=${() => desk.closeOrder()}>${words.orderCancel}</button>
    </div>
    ${draft.sending.kind === "sending" ? html`<p role="status">${words.sending}</p>` : nothing}
    ${draft.sending.kind === "refused" ? html`<p role="alert" class="entry__fault">${draft.sending.sentence}</p>` : nothing}
    ${draft.sending.kind === "unheard" ? html`<p role="alert" class="entry__fault">${words.noAnswer}</p>` : nothing}`;
}

function sent({ desk, draft, look }: OrderOptions): TemplateResult {
  const words = look.words.supervision;
  const command = draft.sending.kind === "done" ? desk.command(draft.sending.command_id) : null;
  return html`<h3 class="order__step" tabindex="-1">${actionWords(draft.action, look.words)}</h3>
    <p role="status">${command === null ? nothing : stateMark(command, look.words)}</p>
    <div class="request__actions">
      <button type="button" class="act" @click=${() => again(desk, draft)}>${words.orderNew}</button>
      <button type="button" class="act act--quiet" @click=${() => desk.closeOrder()}>${look.words.close}</button>
    </div>`;
}

function again(desk: Desk, draft: OrderDraft): void {
  desk.order = null;
  desk.openOrder(draft.vehicle_id);
}

function terms(rule: ActionRule, look: Look): string {
  const words = look.words.supervision;
  const holds = filled(words.holds, { seconds: rule.lifetime_s });
  return rule.needsApproval ? `${holds} ${words.needsSecond}` : holds;
}

function fault(field: Field, text: string, draft: OrderDraft): TemplateResult | typeof nothing {
  return draft.faults.includes(field) ? html`<p class="entry__fault" role="alert">${text}</p>` : nothing;
}
