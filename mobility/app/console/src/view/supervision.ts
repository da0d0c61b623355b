// The supervision panel: what waits for a second person, alarms, and the commands of the last hour.
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Desk } from "../supervision/desk.ts";
import type { Alarm, Command } from "../supervision/model.ts";
import { ageWords, filled } from "../words.ts";
import { labelOf, named, type Look } from "./cells.ts";
import { alarmDetail } from "./alarm-words.ts";
import { actionWords, stateMark, wordFor, whoWords } from "./command-words.ts";

export interface SupervisionOptions {
  readonly desk: Desk;
  readonly look: Look;
  /** Who reads this, as an actor of the ledger; empty where nobody said. */
  readonly me: string;
  readonly mayApprove: boolean;
  readonly onVehicle: (id: string) => void;
  /** Begins a call to the passengers of a vehicle; null where the reader may not. */
  readonly onCall: ((id: string) => void) | null;
}

export function supervision(options: SupervisionOptions): TemplateResult {
  const { desk, look } = options;
  const words = look.words.supervision;
  const commands = desk.overview?.commands ?? [];
  const waiting = commands.filter((each) => each.state === "proposed");
  const alarms = desk.overview?.alarms ?? [];
  return html`<div class="supervision">
    <h2 class="supervision__title" tabindex="-1">${words.title}</h2>
    ${desk.reach === "forbidden" ? html`<p role="alert" class="entry__fault">${words.notAllowed}</p>` : nothing}
    <h3>${words.approvals}</h3>
    ${waiting.length === 0
      ? html`<p class="soft">${words.noApprovals}</p>`
      : html`<ul class="rows">
          ${repeat(
            waiting,
            (each) => each.command_id,
            (each) => html`<li>${approval(each, options)}</li>`,
          )}
        </ul>`}
    <h3>${words.alarms}</h3>
    ${alarms.length === 0
      ? html`<p class="soft">${words.noAlarms}</p>`
      : html`<ul class="rows">
          ${repeat(
            alarms,
            (each) => each.alarm_id,
            (each) => html`<li>${alarm(each, options)}</li>`,
          )}
        </ul>`}
    <h3>${words.commands}</h3>
    ${commands.length === 0 ? html`<p class="soft">${words.noCommands}</p>` : table(commands, options)}
    <p class="soft">${words.noDriving}</p>
  </div>`;
}

function approval(command: Command, options: SupervisionOptions): TemplateResult {
  const { desk, look } = options;
  const words = look.words.supervision;
  const sending = desk.approval(command.command_id);
  const left_s = Math.ceil(desk.left_s(command.left_s));
  return html`<p class="rows__line">
      <b>${named(command.vehicle_id, look)}: ${actionWords(command.action, look.words)}</b>
      <span class="nowrap">${filled(words.lapsesIn, { seconds: left_s })}</span>
    </p>
    <p class="rows__line">${detail(command, options)}</p>
    ${may(command, options)
      ? html`<button
          type="button"
          class="act"
          aria-disabled=${sending.kind === "sending" ? "true" : "false"}
          @click=${() => void desk.approve(command.command_id)}
        >
          ${words.approve}
        </button>`
      : html`<p class="soft">${isMine(command, options) ? words.approveOwn : words.approveOther}</p>`}
    ${sending.kind === "refused" ? html`<p role="alert" class="entry__fault">${sending.sentence}</p>` : nothing}
    ${sending.kind === "unheard" ? html`<p role="alert" class="entry__fault">${words.noAnswer}</p>` : nothing}`;
}

function may(command: Command, options: SupervisionOptions): boolean {
  return options.mayApprove && !isMine(command, options);
}

function isMine(command: Command, { me }: SupervisionOptions): boolean {
  return me !== "" && command.issuer === me;
}

function alarm(one: Alarm, options: SupervisionOptions): TemplateResult {
  const { look, desk } = options;
  const words = look.words.supervision;
  const age_s = (Date.parse(desk.overview?.now ?? "") - Date.parse(one.raised_at)) / 1000;
  const extra = alarmDetail(one.detail, look.words);
  return html`<p class="rows__line">
    <span class="state state--alarm">${wordFor(words.alarmKinds, one.kind)}</span>
    <button type="button" class="tool" @click=${() => options.onVehicle(one.vehicle_id)}>
      ${labelOf(one.vehicle_id, look)}
    </button>
    ${one.kind === "minimal_risk" && options.onCall !== null
      ? html`<button type="button" class="tool" @click=${() => options.onCall?.(one.vehicle_id)}>
          ${words.actions.open_support_call}
        </button>`
      : nothing}
    ${extra === "" ? nothing : html`<span>${extra}</span>`}
    ${Number.isFinite(age_s)
      ? html`<span class="soft nowrap">${filled(words.since, { age: ageWords(age_s, look.language) })}</span>`
      : nothing}
  </p>`;
}

function table(commands: readonly Command[], options: SupervisionOptions): TemplateResult {
  const { look } = options;
  const words = look.words.supervision;
  const heads = [words.at, words.vehicle, words.command, words.state, words.why, words.who];
  return html`<table class="sheet">
    <caption class="visually-hidden">${words.commands}</caption>
    <thead>
      <tr>
        ${heads.map((head) => html`<th scope="col">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${repeat(
        commands,
        (each) => each.command_id,
        (each) =>
          html`<tr data-command=${each.command_id}>
            <td data-label=${words.at} class="mono">${each.issued_at === null ? "–" : look.timeOf(each.issued_at)}</td>
            <td data-label=${words.vehicle} class="nowrap">${named(each.vehicle_id, look)}</td>
            <td data-label=${words.command}>${actionWords(each.action, look.words)}</td>
            <td data-label=${words.state}>${stateMark(each, look.words)}</td>
            <td data-label=${words.why}>${detail(each, options)}</td>
            <td data-label=${words.who}>
              ${whoWords(each.issuer, options.me, look.words)}${each.approver === null
                ? nothing
                : html`, ${filled(words.second, { who: whoWords(each.approver, options.me, look.words) })}`}
            </td>
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Reason, and what was announced, documented or proposed. */
function detail(command: Command, { look }: SupervisionOptions): string {
  const words = look.words.supervision;
  const parts = [
    command.reason,
    command.cause === "" ? "" : `${words.cause}: ${command.cause}`,
    command.necessity === "" ? "" : `${words.necessity}: ${command.necessity}`,
    command.text === "" ? "" : `„${command.text}“`,
    command.points === 0 ? "" : `${words.route}: ${command.points}`,
  ];
  return parts.filter((part) => part !== "").join(". ");
}
