// Gliding: where a vehicle is drawn between two samples. It stops when data stop; it never runs ahead of them.

export interface Spot {
  readonly lon: number;
  readonly lat: number;
}

/** A glide from one drawn spot to the newest sample, begun at `start_ms` and lasting `span_ms`. */
export interface Glide {
  readonly from: Spot;
  readonly to: Spot;
  readonly start_ms: number;
  readonly span_ms: number;
}

const LONGEST_MS = 2000;
const SHORTEST_MS = 100;
/** A vehicle further away than this was carried or its data were late: it is set there, not driven across the map. */
const JUMP_M = 600;

/** A vehicle seen for the first time, or one that must not move on screen. */
export function standing(at: Spot, now_ms: number): Glide {
  return { from: at, to: at, start_ms: now_ms, span_ms: 0 };
}

/** Begin a glide to a new sample from where the vehicle is drawn now, as long as samples lie apart. */
export function glideTo(before: Glide, to: Spot, now_ms: number): Glide {
  const from = spotAt(before, now_ms);
  if (metres(from, to) > JUMP_M) return standing(to, now_ms);
  const span_ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, now_ms - before.start_ms));
  return { from, to, start_ms: now_ms, span_ms };
}

/** Where the vehicle is drawn at `now_ms`. */
export function spotAt(glide: Glide, now_ms: number): Spot {
  const share = glide.span_ms <= 0 ? 1 : Math.min(1, Math.max(0, (now_ms - glide.start_ms) / glide.span_ms));
  if (share === 1) return glide.to;
  return {
    lon: glide.from.lon + share * (glide.to.lon - glide.from.lon),
    lat: glide.from.lat + share * (glide.to.lat - glide.from.lat),
  };
}

/** Whether the vehicle still moves on screen. */
export function isGliding(glide: Glide, now_ms: number): boolean {
  return now_ms < glide.start_ms + glide.span_ms && (glide.from.lon !== glide.to.lon || glide.from.lat !== glide.to.lat);
}

/** Distance in metres between near spots (equirectangular; error below 0.1 % within 100 km). */
export function metres(a: Spot, b: Spot): number {
  const metresPerDegree = 111_195;
  const x = (b.lon - a.lon) * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot(x, b.lat - a.lat) * metresPerDegree;
}

/** Compass bearing from a to b in degrees, 0 north, 90 east. */
export function bearing(a: Spot, b: Spot): number {
  const x = (b.lon - a.lon) * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return ((Math.atan2(x, b.lat - a.lat) * 180) / Math.PI + 360) % 360;
}
