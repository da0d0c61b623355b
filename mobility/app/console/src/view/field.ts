// A field of a form: label, fault where it stands, the text itself, reasons to pick by one press.
import { html, nothing, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import type { Field } from "../supervision/drafts.ts";

const LONGEST = 512;

export interface QuickReasons {
  readonly title: string;
  readonly texts: readonly string[];
}

export interface FieldOptions {
  readonly id: string;
  readonly field: Field;
  readonly label: string;
  readonly value: string;
  readonly fault: string | null;
  readonly isRequired: boolean;
  /** Reasons to pick, by what they speak for. */
  readonly quick: readonly QuickReasons[];
  readonly onWrite: (text: string) => void;
}

export function textField(options: FieldOptions): TemplateResult {
  const { id, fault } = options;
  const isWrong = fault !== null;
  return html`<div class="entry ${isWrong ? "entry--wrong" : ""}">
    <label for=${id}>${options.label}</label>
    ${isWrong ? html`<p class="entry__fault" id="${id}-fault">${fault}</p>` : nothing}
    <input
      id=${id}
      type="text"
      autocomplete="off"
      maxlength=${LONGEST}
      data-field=${options.field}
      aria-required=${options.isRequired ? "true" : "false"}
      aria-invalid=${isWrong ? "true" : "false"}
      aria-describedby=${isWrong ? `${id}-fault` : nothing}
      .value=${live(options.value)}
      @input=${(event: Event) => options.onWrite((event.target as HTMLInputElement).value)}
    />
    ${options.quick.map((each) => chips(each, options))}
  </div>`;
}

function chips(quick: QuickReasons, options: FieldOptions): TemplateResult {
  return html`<div class="entry__quick" role="group" aria-label="${options.label}: ${quick.title}">
    <span class="soft" aria-hidden="true">${quick.title}:</span>
    ${quick.texts.map(
      (text) =>
        html`<button
          type="button"
          class="tool tool--quick"
          aria-pressed=${options.value === text ? "true" : "false"}
          @click=${() => options.onWrite(text)}
        >
          ${text}
        </button>`,
    )}
  </div>`;
}
