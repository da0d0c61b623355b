// Layers that are switched on: fetched then, and again while they stay on.
import { LAYERS, parseLayer, PATHS, type LayerFeature, type LayerName } from "./model.ts";

export interface LayerState {
  readonly kind: "loading" | "there" | "failed";
  readonly features: readonly LayerFeature[];
}

const AGAIN_MS = 30_000;
const RETRY_MS = 5000;
const PATIENCE_MS = 10_000;
const SETTING = "console.layers";

export class LayerFeed {
  private readonly states = new Map<LayerName, LayerState>();
  private readonly timers = new Map<LayerName, number>();

  constructor(private readonly onChange: () => void) {}

  /** Switch on what was on at the last visit. */
  start(): void {
    const kept = (localStorage.getItem(SETTING) ?? "").split(",");
    for (const layer of LAYERS) if (kept.includes(layer)) this.toggle(layer);
  }

  stop(): void {
    for (const timer of this.timers.values()) window.clearTimeout(timer);
    this.timers.clear();
  }

  /** The layers that are on, in the order of their keys. */
  get on(): readonly LayerName[] {
    return LAYERS.filter((layer) => this.states.has(layer));
  }

  state(layer: LayerName): LayerState | undefined {
    return this.states.get(layer);
  }

  toggle(layer: LayerName): void {
    if (this.states.delete(layer)) {
      window.clearTimeout(this.timers.get(layer));
      this.timers.delete(layer);
    } else {
      this.states.set(layer, { kind: "loading", features: [] });
      void this.fetch(layer);
    }
    localStorage.setItem(SETTING, this.on.join(","));
    this.onChange();
  }

  private async fetch(layer: LayerName): Promise<void> {
    let wait_ms = RETRY_MS;
    let state: LayerState = { kind: "failed", features: this.states.get(layer)?.features ?? [] };
    try {
      const answer = await fetch(PATHS[layer], { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.ok) {
        state = { kind: "there", features: parseLayer(await answer.json()) };
        wait_ms = AGAIN_MS;
      }
    } catch {
      // Told as failed; the next attempt follows.
    }
    if (!this.states.has(layer)) return;
    this.states.set(layer, state);
    window.clearTimeout(this.timers.get(layer));
    this.timers.set(layer, window.setTimeout(() => void this.fetch(layer), wait_ms));
    this.onChange();
  }
}
