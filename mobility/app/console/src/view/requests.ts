// What can not wait, above everything else: vehicles that ask for a decision, and how the last ones ended.
import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Desk } from "../supervision/desk.ts";
import type { Answer, AnswerDraft, Field } from "../supervision/drafts.ts";
import { UNDER_WAY, type Asked, type Place } from "../supervision/model.ts";
import { answerTo, shareLeft, type Ended } from "../supervision/watch.ts";
import { ageWords, filled } from "../words.ts";
import { labelOf, named, type Look } from "./cells.ts";
import { actionWords, stateMark, stateWords, wordFor } from "./command-words.ts";
import { textField, type QuickReasons } from "./field.ts";

export interface RequestsOptions {
  readonly desk: Desk;
  readonly look: Look;
  readonly mayDecide: boolean;
  readonly onPlace: (place: Place) => void;
}

/** Open requests and those that just ended; nothing where there are none. */
export function requests(options: RequestsOptions): TemplateResult | typeof nothing {
  const { desk, look } = options;
  const open = desk.overview?.requests ?? [];
  const isSilent = desk.reach === "silent";
  if (open.length === 0 && desk.ended.length === 0 && !isSilent) return nothing;
  const words = look.words.supervision;
  return html`<section class="urgent" aria-label=${words.requests}>
    ${isSilent ? silence(options) : nothing}
    ${open.length === 0
      ? nothing
      : html`<h2 class="urgent__title">${words.requests}</h2>
          <ol class="urgent__list">
            ${repeat(
              open,
              (each) => each.manoeuvre_id,
              (each) => html`<li data-request=${each.manoeuvre_id}>${request(each, options)}</li>`,
            )}
          </ol>`}
    ${repeat(
      desk.ended,
      (each) => each.asked.manoeuvre_id,
      (each) => ended(each, options),
    )}
  </section>`;
}

/** Only the sentence is read out; the growing age beside it is not. */
function silence({ desk, look }: RequestsOptions): TemplateResult {
  const words = look.words.supervision;
  const age = ageWords((performance.now() - desk.takenAt_ms) / 1000, look.language);
  return html`<p class="ended">
    <strong role="alert" class="entry__fault">${words.silent}</strong>
    ${desk.overview === null ? nothing : html`<span>${filled(words.stale, { age })}</span>`}
  </p>`;
}

function request(asked: Asked, options: RequestsOptions): TemplateResult {
  const { look } = options;
  const words = look.words.supervision;
  const place = asked.place;
  const time = look.timeOf(asked.asked_at);
  return html`<article class="request">
    <div class="request__head">
      <h3 tabindex="-1">${named(asked.vehicle_id, look)}: ${wordFor(words.kinds, asked.kind)}</h3>
      ${countdown(asked, options)}
    </div>
    <p class="request__what">
      ${place === null
        ? nothing
        : html`<span>${look.placeOf(place)}</span>
            <button type="button" class="tool" @click=${() => options.onPlace(place)}>${words.showPlace}</button>`}
      ${time === null ? nothing : html`<span class="soft">${filled(words.asked, { time })}</span>`}
    </p>
    ${asked.text === "" ? nothing : html`<p class="request__text">${filled(words.seenBy, { text: asked.text })}</p>`}
    ${options.mayDecide ? decision(asked, options) : html`<p class="soft">${words.watching}</p>`}
  </article>`;
}

/** Number, word and bar; only the first announcement is read out, the running number is not. */
function countdown(asked: Asked, { desk, look }: RequestsOptions): TemplateResult {
  const words = look.words.supervision;
  const left_s = desk.left_s(asked.left_s);
  const whole = Math.ceil(left_s);
  const share = shareLeft(asked, desk.overview?.now ?? "", left_s, desk.atAnswer_s(asked.left_s));
  return html`<div class="countdown ${share < 0.3 || left_s < 5 ? "countdown--short" : ""}">
    <span class="countdown__number">${whole > 0 ? filled(words.left, { seconds: whole }) : words.over}</span>
    <span class="countdown__bar" aria-hidden="true"><span style="width: ${(share * 100).toFixed(1)}%"></span></span>
  </div>`;
}

function decision(asked: Asked, options: RequestsOptions): TemplateResult {
  const { desk, look } = options;
  const words = look.words.supervision;
  const draft = desk.answer(asked.manoeuvre_id);
  return html`<form
    class="request__form"
    novalidate
    @submit=${(event: SubmitEvent) => {
      event.preventDefault();
      const button = event.submitter as HTMLButtonElement | null;
      // Enter in a field sends nothing: a decision is pressed on purpose.
      if (button?.dataset["answer"]) void desk.decide(asked, button.dataset["answer"] as Answer);
    }}
  >
    ${asked.needsCause
      ? html`<p class="request__law">${words.causeHint}</p>
          ${field(asked, "cause", words.cause, words.needsCause, [{ title: words.quick, texts: words.quickReasons.cause }], options)}
          ${field(
            asked,
            "necessity",
            words.necessity,
            words.needsNecessity,
            [{ title: words.quick, texts: words.quickReasons.necessity }],
            options,
          )}`
      : nothing}
    ${field(
      asked,
      "reason",
      words.reason,
      words.needsReason,
      [
        { title: words.release, texts: words.quickReasons.release },
        { title: words.refuse, texts: words.quickReasons.refuse },
      ],
      options,
    )}
    <div class="request__actions">
      <button type="submit" disabled hidden></button>
      ${button("release_manoeuvre", words.release, draft)} ${button("refuse_manoeuvre", words.refuse, draft)}
      <div class="request__state">${standing(asked, draft, options)}</div>
    </div>
  </form>`;
}

function button(answer: Answer, word: string, draft: AnswerDraft): TemplateResult {
  const isBusy = draft.sending.kind === "sending";
  return html`<button
    type="submit"
    class="act ${answer === "refuse_manoeuvre" ? "act--quiet" : ""}"
    data-answer=${answer}
    aria-disabled=${isBusy ? "true" : "false"}
  >
    ${word}
  </button>`;
}

function field(
  asked: Asked,
  name: "reason" | "cause" | "necessity",
  label: string,
  fault: string,
  quick: readonly QuickReasons[],
  { desk }: RequestsOptions,
): TemplateResult {
  const draft = desk.answer(asked.manoeuvre_id);
  const isWrong = (draft.faults as readonly Field[]).includes(name);
  return textField({
    id: `${name}-${asked.manoeuvre_id}`,
    field: name,
    label,
    value: draft[name],
    fault: isWrong ? fault : null,
    isRequired: true,
    quick,
    onWrite: (text) =>
      desk.write(asked.manoeuvre_id, { [name]: text, faults: draft.faults.filter((each) => each !== name) }),
  });
}

/** What became of the last press: on its way, refused in the server's sentence, or no answer. */
function standing(asked: Asked, draft: AnswerDraft, { desk, look }: RequestsOptions): TemplateResult {
  const words = look.words.supervision;
  const { sending } = draft;
  switch (sending.kind) {
    case "sending":
      return html`<span role="status">${words.sending}</span>`;
    case "refused":
      return html`<p role="alert" class="entry__fault">${sending.sentence}</p>`;
    case "unheard":
      return html`<p role="alert" class="entry__fault">${words.noAnswer}</p>
        <button type="button" class="tool" @click=${() => draft.answer && void desk.decide(asked, draft.answer)}>
          ${words.retry}
        </button>`;
    default: {
      const states = [...UNDER_WAY, "proposed", "rejected", "expired"];
      const command = answerTo(asked.manoeuvre_id, desk.overview?.commands ?? [], states);
      return command === null
        ? html``
        : html`<span role="status">${actionWords(command.action, look.words)}: ${stateMark(command, look.words)}</span>`;
    }
  }
}

function ended(one: Ended, { desk, look }: RequestsOptions): TemplateResult {
  return html`<p class="ended">
    <span>${endedWords(one, desk, look)}</span>
    <button type="button" class="tool ended__dismiss" @click=${() => desk.dismiss(one.asked.manoeuvre_id)}>
      ${look.words.supervision.dismiss}
    </button>
  </p>`;
}

/** How a request ended, in a sentence. */
export function endedWords(one: Ended, desk: Desk, look: Look): string {
  const words = look.words.supervision;
  const command = desk.command(one.command_id);
  const text = {
    released: words.endedReleased,
    refused: words.endedRefused,
    expired: words.endedExpired,
    withdrawn: words.endedWithdrawn,
  }[one.ending];
  const state = command === null ? "" : `${words.command}: ${stateWords(command, look.words)}.`;
  return filled(text, { vehicle: labelOf(one.asked.vehicle_id, look), state }).trim();
}
