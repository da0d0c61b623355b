// What is said of a command: its name, where it stands, why, and who gave it.
import { html, nothing, type TemplateResult } from "lit";
import type { Command } from "../supervision/model.ts";
import type { Words } from "../words.ts";

const STATE_CLASS: Readonly<Record<string, string>> = {
  proposed: "state--late",
  issued: "state--expected",
  received: "state--expected",
  accepted: "state--running",
  executed: "state--running",
  rejected: "state--cancelled",
  expired: "state--cancelled",
};

/** The word for a name of the server; the name itself where there is none. */
export function wordFor(words: Readonly<Record<string, string>>, name: string): string {
  return Object.hasOwn(words, name) ? (words[name] ?? name) : name;
}

export function actionWords(action: string, words: Words): string {
  return wordFor(words.supervision.actions, action);
}

/** State and, where the vehicle or the server gave one, the reason as a sentence. */
export function stateWords(command: Command, words: Words): string {
  const state = wordFor(words.supervision.states, command.state);
  return command.state_reason === "" ? state : `${state}. ${reasonWords(command, words)}`;
}

export function reasonWords(command: Command, words: Words): string {
  return command.state_reason === "" ? "" : wordFor(words.supervision.reasons, command.state_reason);
}

export function stateMark(command: Command, words: Words): TemplateResult {
  const reason = reasonWords(command, words);
  return html`<span class="state ${STATE_CLASS[command.state] ?? ""}"
      >${wordFor(words.supervision.states, command.state)}</span
    >${reason === "" ? nothing : html` <span class="why">${reason}</span>`}`;
}

/** Who gave it: `Sie` for the reader, else role and the mark that tells two people apart. */
export function whoWords(actor: string, me: string, words: Words): string {
  return actor !== "" && actor === me ? words.supervision.you : actor;
}
