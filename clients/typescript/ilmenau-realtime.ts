// EUPL-1.2. Follow live GTFS-realtime: connect, subscribe, apply snapshots and deltas, resume after a cut, say when it is lost.
//
//   const live = new Realtime("wss://example.org/gtfs-rt/stream", ["route:D"], {
//     onChange: (change) => change.entities.forEach((entity) => console.log(change.topic, entity.id)),
//     onState: (state) => console.log(state), // "realtime lost" after 30 s of silence, "back" afterwards
//   });
//   live.start();
//
// Browsers and Node 22 bring WebSocket; for Node 20 pass `socket: (url) => new WebSocket(url)` of the package `ws`.

/** A GTFS-realtime entity in protobuf's JSON mapping, names as in the .proto; 64-bit numbers are texts. */
export interface Entity {
  readonly id: string;
  readonly is_deleted?: boolean;
  readonly trip_update?: Record<string, unknown>;
  readonly vehicle?: Record<string, unknown>;
  readonly alert?: Record<string, unknown>;
  readonly [field: string]: unknown;
}

/** What a frame changed in a topic: entities that are new or different, and ids of those that are gone. */
export interface Change {
  readonly topic: string;
  readonly entities: readonly Entity[];
  readonly removed: readonly string[];
}

export type State = "realtime lost" | "back";

/** The part of a WebSocket this client needs; the browser's and the one of `ws` both have it. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface Options {
  readonly onChange?: (change: Change) => void;
  readonly onState?: (state: State) => void;
  /** The server does not know what was asked for; the client has stopped. */
  readonly onRefused?: (reason: string) => void;
  readonly socket?: (url: string) => Socket;
  readonly lostAfter_ms?: number;
}

interface Frame {
  readonly epoch: string;
  readonly topic: string;
  readonly seq: number;
  readonly prev_seq: number;
  readonly kind: "snapshot" | "delta" | "heartbeat";
  readonly feed?: { readonly entity?: readonly Entity[] };
}

interface Topic {
  seq: number;
  readonly entities: Map<string, Entity>;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const LOST_AFTER_MS = 30_000;

export class Realtime {
  /** All that is known, by the server's spelling of the topics. */
  readonly topics = new Map<string, Topic>();
  private socket: Socket | null = null;
  private epoch = "";
  private isLost = false;
  private isStopped = true;
  private heardAt_ms = 0;
  private wait_ms = FIRST_WAIT_MS;
  private watch: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly wanted: readonly string[],
    private readonly options: Options = {},
  ) {}

  start(): void {
    if (!this.isStopped) return;
    this.isStopped = false;
    this.heardAt_ms = Date.now();
    this.watch = setInterval(() => this.look(), Math.min(1000, this.lostAfter_ms / 4));
    this.open();
  }

  stop(): void {
    this.isStopped = true;
    clearInterval(this.watch);
    clearTimeout(this.retry);
    this.drop();
  }

  private get lostAfter_ms(): number {
    return this.options.lostAfter_ms ?? LOST_AFTER_MS;
  }

  private open(): void {
    const socket = this.options.socket?.(this.url) ?? (new WebSocket(this.url) as unknown as Socket);
    this.socket = socket;
    socket.onopen = () => this.subscribe();
    socket.onmessage = (event: { data: unknown }) => {
      if (this.socket === socket && typeof event.data === "string") this.hear(event.data);
    };
    socket.onerror = () => undefined; // onclose follows
    socket.onclose = () => {
      if (this.socket === socket) this.again();
    };
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private again(): void {
    this.socket = null;
    if (this.isStopped) return;
    // Not all at once after a restart of the server: each waits a little differently.
    this.retry = setTimeout(() => this.open(), this.wait_ms * (0.5 + Math.random() / 2));
    this.wait_ms = Math.min(2 * this.wait_ms, LONGEST_WAIT_MS);
  }

  private subscribe(): void {
    const resume: Record<string, string | number> = { epoch: this.epoch };
    for (const [name, topic] of this.topics) resume[name] = topic.seq;
    const command = { type: "sub", id: "1", topics: this.wanted, format: "json" };
    this.socket?.send(JSON.stringify(this.epoch === "" ? command : { ...command, resume }));
  }

  private look(): void {
    const silent_ms = Date.now() - this.heardAt_ms;
    if (silent_ms < this.lostAfter_ms) return;
    if (!this.isLost) this.options.onState?.("realtime lost");
    this.isLost = true;
    // A connection that is open but says nothing is of no use: begin anew.
    if (this.socket !== null) {
      this.heardAt_ms = Date.now();
      this.drop();
      this.again();
    }
  }

  private hear(text: string): void {
    this.heardAt_ms = Date.now();
    this.wait_ms = FIRST_WAIT_MS;
    if (this.isLost) this.options.onState?.("back");
    this.isLost = false;
    const said = JSON.parse(text) as { type: string; code?: string; detail?: string };
    if (said.type === "frame") {
      if (!this.take(said as unknown as Frame)) this.subscribe();
    } else if (said.type === "error" && said.code === "too_many_topics") {
      this.socket?.close(); // the server is full: later, perhaps
    } else if (said.type === "error") {
      this.stop();
      this.options.onRefused?.(`${said.code}: ${said.detail}`);
    }
  }

  /** Apply a frame; return whether it followed on what is known. */
  private take(frame: Frame): boolean {
    const topic = this.topics.get(frame.topic) ?? { seq: 0, entities: new Map<string, Entity>() };
    this.topics.set(frame.topic, topic);
    const told = frame.feed?.entity ?? [];
    const removed = new Set<string>();
    if (frame.kind === "snapshot") {
      this.epoch = frame.epoch;
      const kept = new Set(told.map((entity) => entity.id));
      for (const id of topic.entities.keys()) if (!kept.has(id)) removed.add(id);
    } else if (frame.epoch !== this.epoch || frame.prev_seq !== topic.seq) {
      return false;
    }
    for (const { id, is_deleted } of told) if (is_deleted === true && topic.entities.has(id)) removed.add(id);
    const changed = told.filter((entity) => entity.is_deleted !== true && !same(entity, topic.entities.get(entity.id)));
    topic.seq = frame.seq;
    for (const entity of changed) topic.entities.set(entity.id, entity);
    for (const id of removed) topic.entities.delete(id);
    if (changed.length + removed.size > 0) {
      this.options.onChange?.({ topic: frame.topic, entities: changed, removed: [...removed] });
    }
    return true;
  }
}

/** The server writes fields in one order, so equal entities have equal texts. */
function same(entity: Entity, other: Entity | undefined): boolean {
  return other !== undefined && JSON.stringify(entity) === JSON.stringify(other);
}
