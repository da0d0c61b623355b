// The keys and the signs, one key away.
import { html, type TemplateResult } from "lit";
import type { Kind } from "../model.ts";
import { signSvg } from "../sign.ts";
import type { Words } from "../words.ts";

/** The help dialogue. Single-letter keys can be switched off (WCAG 2.1.4). */
export function help(
  words: Words,
  areKeysOn: boolean,
  onKeys: (areOn: boolean) => void,
  onClose: () => void,
): TemplateResult {
  const keys: readonly (readonly [string, string])[] = [
    ["↑ ↓", words.keyMove],
    ["Enter", words.keyChoose],
    ["m", words.keyMap],
    ["t", words.keyTable],
    ["s", words.keySupervision],
    ["d", words.keyDesk],
    ["r", words.keyRequest],
    ["1 – 4", words.keyLayers],
    ["a", words.keyAll],
    ["Esc", words.keyEscape],
    ["?", words.keyHelp],
  ];
  return html`<dialog class="help" aria-labelledby="help-title" @close=${onClose}>
    <div class="details__head">
      <h2 id="help-title">${words.keys}</h2>
      <form method="dialog"><button class="tool">${words.close} <kbd>Esc</kbd></button></form>
    </div>
    <dl class="help__keys">
      ${keys.map(([key, meaning]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}
    </dl>
    <p>
      <label class="help__switch"
        ><input
          type="checkbox"
          .checked=${areKeysOn}
          @change=${(event: Event) => onKeys((event.target as HTMLInputElement).checked)}
        />
        ${words.keysOn}</label
      >
    </p>
    <h3>${words.legend}</h3>
    <ul class="help__signs">
      ${(Object.keys(words.kinds) as Kind[]).map(
        (kind) => html`<li>${signSvg(kind, "fresh")} ${words.kinds[kind]}</li>`,
      )}
    </ul>
    <p>${words.freshnessRule}</p>
  </dialog>`;
}
