// The radio links of the fleet, asked for while somebody looks at a vehicle.

export type LinkState = "live" | "stale" | "lost" | "resting";

/** One vehicle's link; null where nothing was measured. */
export interface VehicleLink {
  readonly vehicle_id: string;
  readonly state: LinkState;
  readonly silence_s: number;
  readonly rtt_p50_ms: number | null;
  readonly rtt_p95_ms: number | null;
  readonly clock_offset_ms: number | null;
  readonly loss_frac: number | null;
  readonly reconnects_today: number;
}

const PATH = "/api/v1/links";
const PERIOD_MS = 2000;
const STATES: readonly string[] = ["live", "stale", "lost", "resting"];

/** Read an answer; a vehicle without id or state is left out. */
export function parseLinks(json: unknown): ReadonlyMap<string, VehicleLink> {
  const root = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const list: readonly unknown[] = Array.isArray(root["vehicles"]) ? root["vehicles"] : [];
  const links = new Map<string, VehicleLink>();
  for (const each of list) {
    const one = typeof each === "object" && each !== null ? (each as Record<string, unknown>) : {};
    const { vehicle_id, state } = one;
    if (typeof vehicle_id !== "string" || typeof state !== "string" || !STATES.includes(state)) continue;
    links.set(vehicle_id, {
      vehicle_id,
      state: state as LinkState,
      silence_s: figure(one["silence_s"]) ?? 0,
      rtt_p50_ms: figure(one["rtt_p50_ms"]),
      rtt_p95_ms: figure(one["rtt_p95_ms"]),
      clock_offset_ms: figure(one["clock_offset_ms"]),
      loss_frac: figure(one["loss_frac"]),
      reconnects_today: figure(one["reconnects_today"]) ?? 0,
    });
  }
  return links;
}

export class LinkFeed {
  links: ReadonlyMap<string, VehicleLink> = new Map();
  private timer = 0;
  private isAsking = false;
  private isAbsent = false;

  constructor(
    private readonly isWanted: () => boolean,
    private readonly onChange: () => void,
  ) {}

  start(): void {
    this.timer = window.setInterval(() => void this.ask(), PERIOD_MS);
  }

  stop(): void {
    window.clearInterval(this.timer);
  }

  /** Ask now, as when a vehicle was chosen. */
  async ask(): Promise<void> {
    if (this.isAsking || this.isAbsent || !this.isWanted() || document.visibilityState === "hidden") return;
    this.isAsking = true;
    try {
      const answer = await fetch(PATH, { cache: "no-store", signal: AbortSignal.timeout(4000) });
      this.links = answer.ok ? parseLinks(await answer.json()) : new Map();
      this.isAbsent = answer.status === 404;
    } catch {
      // Old figures would be taken for new ones.
      this.links = new Map();
    } finally {
      this.isAsking = false;
    }
    this.onChange();
  }
}

function figure(json: unknown): number | null {
  return typeof json === "number" && Number.isFinite(json) ? json : null;
}
