// The fleet as the screen knows it: newest vehicle objects, when they came, and where each is drawn.
import { ageNow, freshness, type Freshness } from "./freshness.ts";
import type { Report, Vehicle } from "./model.ts";
import { glideTo, isGliding, spotAt, standing, type Glide, type Spot } from "./motion.ts";

interface Entry {
  readonly vehicle: Vehicle;
  readonly receivedAt_ms: number;
  readonly glide: Glide;
}

/** Keeps the newest report of each vehicle; pure bookkeeping, the present is an argument (milliseconds). */
export class Fleet {
  private entries = new Map<string, Entry>();
  private order: readonly Vehicle[] = [];

  /** `clockSpeed`: seconds of the service's clock per second of the watcher's. */
  constructor(private readonly clockSpeed: number, private readonly moves: () => boolean) {}

  /** Vehicles in the order of service kind, then label. */
  get vehicles(): readonly Vehicle[] {
    return this.order;
  }

  get(id: string): Vehicle | undefined {
    return this.entries.get(id)?.vehicle;
  }

  /** Take over a report; a whole one also ends vehicles it does not name. */
  take(report: Report, isWhole: boolean, now_ms: number): void {
    const next = isWhole ? new Map<string, Entry>() : this.entries;
    for (const vehicle of report.vehicles) next.set(vehicle.vehicle_id, this.entry(vehicle, now_ms));
    this.entries = next;
    this.order = [...next.values()].map((entry) => entry.vehicle).sort(byKindThenLabel);
  }

  /** Age of a vehicle's data in seconds; it grows while nothing comes. */
  age_s(id: string, now_ms: number): number {
    const entry = this.entries.get(id);
    return entry ? ageNow(entry.vehicle.age_s, entry.receivedAt_ms, now_ms, this.clockSpeed) : Infinity;
  }

  freshness(id: string, now_ms: number): Freshness {
    return freshness(this.age_s(id, now_ms));
  }

  /** Where the vehicle is drawn. */
  spot(id: string, now_ms: number): Spot | undefined {
    const entry = this.entries.get(id);
    return entry && spotAt(entry.glide, now_ms);
  }

  isGliding(now_ms: number): boolean {
    return [...this.entries.values()].some((entry) => isGliding(entry.glide, now_ms));
  }

  private entry(vehicle: Vehicle, now_ms: number): Entry {
    const before = this.entries.get(vehicle.vehicle_id);
    const glide = before && this.moves() ? glideTo(before.glide, vehicle, now_ms) : standing(vehicle, now_ms);
    return { vehicle, receivedAt_ms: now_ms, glide: before?.vehicle.as_of === vehicle.as_of ? before.glide : glide };
  }
}

const KIND_ORDER = ["shuttle", "citizen_bus", "line_bus", "research"];

function byKindThenLabel(a: Vehicle, b: Vehicle): number {
  const kind = KIND_ORDER.indexOf(a.kind) - KIND_ORDER.indexOf(b.kind);
  return kind || a.label.localeCompare(b.label, "de", { numeric: true }) || (a.vehicle_id < b.vehicle_id ? -1 : 1);
}
