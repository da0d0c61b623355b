// What the last overview means beside the one before: what is newly asked, what has ended and how, how long is left.
import { ANSWERS, type Asked, type Command, type Overview } from "./model.ts";

export type Ending = "released" | "refused" | "expired" | "withdrawn";

/** A request that is no longer open. */
export interface Ended {
  readonly asked: Asked;
  readonly ending: Ending;
  readonly command_id: string | null;
  readonly at_ms: number;
}

const DECIDED: readonly string[] = ["accepted", "executed"];
/** A request that vanishes this close to its deadline has run out, seconds. */
const NEAR_S = 1.5;

/** Seconds left, in the watcher's time. A simulated clock may run faster. */
export function leftNow(left_s: number, takenAt_ms: number, now_ms: number, clockSpeed: number): number {
  return Math.max(0, left_s / clockSpeed - (now_ms - takenAt_ms) / 1000);
}

/** Requests that were not there before. */
export function newlyAsked(before: Overview | null, after: Overview): readonly Asked[] {
  const known = new Set(before?.requests.map((each) => each.manoeuvre_id));
  return after.requests.filter((each) => !known.has(each.manoeuvre_id));
}

/** Requests that are gone; `elapsed_s` has passed on the service's clock between the two. */
export function newlyEnded(before: Overview, after: Overview, elapsed_s: number, at_ms: number): readonly Ended[] {
  const open = new Set(after.requests.map((each) => each.manoeuvre_id));
  return before.requests
    .filter((each) => !open.has(each.manoeuvre_id))
    .map((asked) => {
      const answer = answerTo(asked.manoeuvre_id, after.commands, DECIDED);
      const ending = answer !== null ? endingBy(answer) : asked.left_s - elapsed_s < NEAR_S ? "expired" : "withdrawn";
      return { asked, ending, command_id: answer?.command_id ?? null, at_ms };
    });
}

/** The newest answer to a request in one of the states. */
export function answerTo(id: string, commands: readonly Command[], states: readonly string[]): Command | null {
  return (
    commands.find(
      (each) => each.manoeuvre_id === id && ANSWERS.includes(each.action) && states.includes(each.state),
    ) ?? null
  );
}

/** Share of a request's time that is left, 0 to 1. */
export function shareLeft(asked: Asked, now: string, left_s: number, leftAtStart_s: number): number {
  const waited_s = (Date.parse(now) - Date.parse(asked.asked_at)) / 1000;
  const whole_s = asked.left_s + (Number.isFinite(waited_s) ? Math.max(0, waited_s) : 0);
  const share = leftAtStart_s > 0 ? (left_s / leftAtStart_s) * (asked.left_s / Math.max(whole_s, 1e-9)) : 0;
  return Math.min(1, Math.max(0, share));
}

function endingBy(answer: Command): Ending {
  return answer.action === "release_manoeuvre" ? "released" : "refused";
}
