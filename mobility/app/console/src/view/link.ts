// A vehicle's radio link in words, for the panel of the chosen vehicle.
import { html, type TemplateResult } from "lit";
import type { LinkState, VehicleLink } from "../links.ts";
import { ageWords, filled } from "../words.ts";
import { known, type Look } from "./cells.ts";

const STATE_CLASS: Readonly<Record<LinkState, string>> = {
  live: "state--running",
  stale: "state--late",
  lost: "state--cancelled",
  resting: "state--expected",
};

/** Names and values; a blank where nothing was measured. */
export function linkFacts(link: VehicleLink | undefined, look: Look): readonly (readonly [string, TemplateResult])[] {
  const words = look.words.supervision;
  return [
    [words.link, link === undefined ? known(null, look) : state(link, look)],
    [words.rtt, known(link === undefined ? null : roundTrip(link, look), look)],
    [words.lossName, known(link?.loss_frac == null ? null : percent(link.loss_frac, look), look)],
    [words.offset, known(link === undefined ? null : offset(link, look), look)],
    [words.reconnects, known(link === undefined ? null : times(link.reconnects_today, look), look)],
  ];
}

export function percent(frac: number, look: Look): string {
  const digits = frac > 0 && frac < 0.1 ? 1 : 0;
  const text = (frac * 100).toFixed(digits);
  return `${look.language === "de" ? text.replace(".", ",") : text} %`;
}

function state(link: VehicleLink, look: Look): TemplateResult {
  const words = look.words.supervision;
  const word = words.linkStates[link.state];
  const isQuiet = link.state === "stale" || link.state === "lost";
  const text = isQuiet ? filled(words.silentFor, { state: word, age: ageWords(link.silence_s, look.language) }) : word;
  return html`<span class="state ${STATE_CLASS[link.state]}">${text}</span>`;
}

function roundTrip(link: VehicleLink, look: Look): string | null {
  if (link.rtt_p50_ms === null || link.rtt_p95_ms === null) return null;
  return filled(look.words.supervision.rttWords, { p50: Math.round(link.rtt_p50_ms), p95: Math.round(link.rtt_p95_ms) });
}

/** The offset is what has to be added to the vehicle's clock: positive where it is behind. */
function offset(link: VehicleLink, look: Look): string | null {
  const words = look.words.supervision;
  if (link.clock_offset_ms === null) return null;
  const ms = Math.round(Math.abs(link.clock_offset_ms));
  if (ms === 0) return words.exact;
  return filled(link.clock_offset_ms > 0 ? words.behind : words.ahead, { ms });
}

function times(n: number, look: Look): string {
  const words = look.words.supervision;
  return n === 0 ? words.never : filled(words.times, { n });
}
