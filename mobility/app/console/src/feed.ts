// The live stream, its watchdog, and asking at intervals while it is silent.
import { parseReport, type Report } from "./model.ts";

/** How data reach the screen. `since_ms` is when the last report came (or the page was opened). */
export interface Link {
  readonly kind: "connecting" | "live" | "polling" | "silent";
  readonly since_ms: number;
}

const STREAM = "/api/v1/console/stream";
const VEHICLES = "/api/v1/vehicles";
/** A stream silent for longer is called lost. */
const SILENCE_MS = 5000;
const POLL_MS = 2000;
const REOPEN_MS = 5000;
const WATCH_MS = 500;

export class Feed {
  private source: EventSource | null = null;
  private watch = 0;
  private heardAt_ms = performance.now();
  private openedAt_ms = 0;
  private polledAt_ms = 0;
  private isPolling = false;
  private link: Link = { kind: "connecting", since_ms: this.heardAt_ms };

  constructor(
    private readonly onReport: (report: Report, isWhole: boolean) => void,
    private readonly onLink: (link: Link) => void,
  ) {}

  start(): void {
    this.open();
    this.watch = window.setInterval(() => this.look(), WATCH_MS);
  }

  stop(): void {
    window.clearInterval(this.watch);
    this.source?.close();
  }

  private open(): void {
    this.source?.close();
    this.openedAt_ms = performance.now();
    this.source = new EventSource(STREAM);
    this.source.addEventListener("snapshot", (event) => this.hear(event, true));
    this.source.addEventListener("vehicles", (event) => this.hear(event, false));
  }

  private hear(event: MessageEvent<string>, isWhole: boolean): void {
    const report = parsed(event.data);
    if (report === null) return;
    this.heardAt_ms = performance.now();
    this.say("live");
    this.onReport(report, isWhole);
  }

  private look(): void {
    const now_ms = performance.now();
    if (now_ms - this.heardAt_ms <= SILENCE_MS) return;
    if (this.link.kind === "live" || this.link.kind === "connecting") this.say("silent");
    if (this.source?.readyState === EventSource.CLOSED && now_ms - this.openedAt_ms > REOPEN_MS) this.open();
    if (!this.isPolling && now_ms - this.polledAt_ms >= POLL_MS) void this.poll(now_ms);
  }

  private async poll(now_ms: number): Promise<void> {
    this.isPolling = true;
    this.polledAt_ms = now_ms;
    try {
      const answer = await fetch(VEHICLES, { cache: "no-store", signal: AbortSignal.timeout(4000) });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const report = parseReport(await answer.json());
      if (this.link.kind === "live") return;
      this.onReport(report, true);
      this.say("polling");
    } catch {
      if (this.link.kind === "polling") this.say("silent");
    } finally {
      this.isPolling = false;
    }
  }

  private say(kind: Link["kind"]): void {
    this.link = { kind, since_ms: this.heardAt_ms };
    this.onLink(this.link);
  }
}

function parsed(data: string): Report | null {
  try {
    return parseReport(JSON.parse(data));
  } catch {
    return null;
  }
}
