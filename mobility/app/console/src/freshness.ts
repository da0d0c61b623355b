// How old a vehicle's data are, and what that means: fresh, stale, lost.

export type Freshness = "fresh" | "stale" | "lost";

/** Data older than this are greyed with their age (supervisor's limit), seconds. */
export const STALE_S = 2;
/** Data older than this are called lost in words, seconds. */
export const LOST_S = 5;

/**
 * Age of data now, in seconds of the watcher's time: the age at receipt and what has passed since.
 * A simulated clock may run faster; its seconds are brought back to the watcher's.
 */
export function ageNow(ageAtReceipt_s: number, receivedAt_ms: number, now_ms: number, clockSpeed: number): number {
  return Math.max(0, ageAtReceipt_s / clockSpeed + (now_ms - receivedAt_ms) / 1000);
}

/** Freshness of data of that age. */
export function freshness(age_s: number): Freshness {
  if (age_s > LOST_S) return "lost";
  return age_s > STALE_S ? "stale" : "fresh";
}
