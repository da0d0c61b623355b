// What an alarm is about, in words: the kind of a request, missing items or seconds, a change of mode, a place.
import { filled, type Words } from "../words.ts";
import { wordFor } from "./command-words.ts";

const ITEMS = /^items? ([\d, ]+)$/;
const SECONDS = /^(\d+) s of records$/;
const LATE = /^(\d+) riders (\d+) min late$/;
const CHANGE = /^(\w+) -> (\w+)$/;

/** The detail of an alarm; what is not known, as a place or names, is shown as it is. */
export function alarmDetail(detail: string, words: Words): string {
  return detail
    .split("; ")
    .map((each) => part(each, words))
    .join(", ");
}

function part(detail: string, words: Words): string {
  const { supervision } = words;
  const items = ITEMS.exec(detail)?.[1];
  if (items !== undefined) return filled(supervision.gapItems, { items });
  const seconds = SECONDS.exec(detail)?.[1];
  if (seconds !== undefined) return filled(supervision.gapSeconds, { seconds });
  const late = LATE.exec(detail);
  if (late !== null) return filled(supervision.lateRiders, { riders: late[1] ?? "", minutes: late[2] ?? "" });
  const change = CHANGE.exec(detail);
  if (change !== null) {
    const [before = "", after = ""] = change.slice(1).map((mode) => wordFor(words.modes, mode));
    return filled(supervision.modeChange, { before, after });
  }
  return wordFor(supervision.kinds, detail);
}
