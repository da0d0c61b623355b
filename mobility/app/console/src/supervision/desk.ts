// The supervisor's desk: asks the server every second while somebody looks, keeps drafts, sends decisions.
import {
  answerBody,
  emptyOrder,
  EMPTY_ANSWER,
  faultsOfAnswer,
  faultsOfOrder,
  MOST_POINTS,
  orderBody,
  type Answer,
  type AnswerDraft,
  type OrderDraft,
  type Sending,
} from "./drafts.ts";
import { parseCommand, parseOverview, type Asked, type Command, type Overview, type Place } from "./model.ts";
import { Intentions, post, type Outcome } from "./post.ts";
import { leftNow, newlyAsked, newlyEnded, type Ended } from "./watch.ts";

export type Reach = "waiting" | "fresh" | "silent" | "forbidden" | "absent";

const PATH = "/api/v1/supervision";
const PERIOD_MS = 1000;
const PATIENCE_MS = 4000;
const ENDED_SHOWN_MS = 90_000;
/** An answer older than this is no longer called fresh. */
const SILENCE_MS = 3500;

export interface DeskListener {
  /** Something to draw. */
  changed(): void;
  asked(requests: readonly Asked[]): void;
  ended(requests: readonly Ended[]): void;
  /** Bring the focus to the first element that matches, once it is drawn. */
  focus(selector: string): void;
}

export class Desk {
  overview: Overview | null = null;
  reach: Reach = "waiting";
  takenAt_ms = 0;
  ended: readonly Ended[] = [];
  order: OrderDraft | null = null;
  private readonly answers = new Map<string, AnswerDraft>();
  private readonly approvals = new Map<string, Sending>();
  private readonly intentions = new Intentions();
  private timer = 0;
  private isAsking = false;
  private readonly onVisible = (): void => void this.ask();

  constructor(
    private readonly clockSpeed: number,
    private readonly listener: DeskListener,
  ) {}

  start(): void {
    void this.ask();
    this.timer = window.setInterval(() => void this.ask(), PERIOD_MS);
    document.addEventListener("visibilitychange", this.onVisible);
  }

  stop(): void {
    window.clearInterval(this.timer);
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  /** Seconds of the watcher's time that are left of what had `left_s` in the last answer. */
  left_s(left_s: number): number {
    return leftNow(left_s, this.takenAt_ms, performance.now(), this.clockSpeed);
  }

  /** The same at the moment of the answer. */
  atAnswer_s(left_s: number): number {
    return left_s / this.clockSpeed;
  }

  answer(id: string): AnswerDraft {
    return this.answers.get(id) ?? EMPTY_ANSWER;
  }

  approval(command_id: string): Sending {
    return this.approvals.get(command_id) ?? { kind: "none" };
  }

  command(command_id: string | null): Command | null {
    return this.overview?.commands.find((each) => each.command_id === command_id) ?? null;
  }

  write(id: string, change: Partial<AnswerDraft>): void {
    this.answers.set(id, { ...this.answer(id), ...change });
    this.listener.changed();
  }

  /** Release or refuse; what is missing is said at its field. */
  async decide(asked: Asked, answer: Answer): Promise<void> {
    const id = asked.manoeuvre_id;
    const draft = this.answer(id);
    if (draft.sending.kind === "sending") return;
    const faults = faultsOfAnswer(asked, draft, answer);
    this.write(id, { faults, sending: { kind: faults.length > 0 ? "none" : "sending" }, answer });
    if (faults[0] !== undefined) {
      this.listener.focus(`[data-request="${CSS.escape(id)}"] [data-field="${faults[0]}"]`);
      return;
    }
    const outcome = await post(this.intentions, `decide ${id}`, `${PATH}/commands`, answerBody(asked, draft, answer));
    this.write(id, { sending: sendingOf(outcome) });
    this.take(outcome);
  }

  /** Begin a command; `action` is chosen already where only one makes sense. */
  openOrder(vehicle_id: string, action = ""): void {
    if (this.order?.vehicle_id !== vehicle_id || action !== "") this.order = { ...emptyOrder(vehicle_id), action };
    this.listener.changed();
    this.listener.focus(".order__step");
  }

  closeOrder(): void {
    this.order = null;
    this.listener.changed();
    this.listener.focus(".details__order");
  }

  writeOrder(change: Partial<OrderDraft>): void {
    if (this.order === null) return;
    this.order = { ...this.order, ...change };
    this.listener.changed();
  }

  addPoint(place: Place): void {
    const points = this.order?.points ?? [];
    if (points.length < MOST_POINTS) this.writeOrder({ points: [...points, place] });
  }

  /** From what to do to checking it; what is missing is said at its field. */
  checkOrder(): void {
    if (this.order === null) return;
    const faults = faultsOfOrder(this.order);
    this.writeOrder({ faults, step: faults.length > 0 ? 1 : 2, sending: { kind: "none" } });
    this.listener.focus(faults[0] === undefined ? ".order__step" : `.order [data-field="${faults[0]}"]`);
  }

  /** Back to what to do; everything written stays. */
  backToOrder(): void {
    this.writeOrder({ step: 1, sending: { kind: "none" } });
    this.listener.focus(".order__step");
  }

  async sendOrder(): Promise<void> {
    const draft = this.order;
    if (draft === null || draft.step !== 2 || draft.sending.kind === "sending") return;
    this.writeOrder({ sending: { kind: "sending" } });
    const outcome = await post(this.intentions, `order ${draft.vehicle_id}`, `${PATH}/commands`, orderBody(draft));
    if (this.order?.vehicle_id === draft.vehicle_id) {
      this.writeOrder({ sending: sendingOf(outcome), step: outcome.kind === "done" ? 3 : 2 });
      if (outcome.kind === "done") this.listener.focus(".order__step");
    }
    this.take(outcome);
  }

  /** Approve as second person. */
  async approve(command_id: string): Promise<void> {
    if (this.approval(command_id).kind === "sending") return;
    this.approvals.set(command_id, { kind: "sending" });
    this.listener.changed();
    const path = `${PATH}/approvals/${encodeURIComponent(command_id)}`;
    const outcome = await post(this.intentions, `approve ${command_id}`, path, null);
    this.approvals.set(command_id, sendingOf(outcome));
    this.take(outcome);
  }

  dismiss(id: string): void {
    this.ended = this.ended.filter((each) => each.asked.manoeuvre_id !== id);
    this.listener.changed();
    this.listener.focus(".ended__dismiss, .toolbar__supervision");
  }

  /** What an answer to a post tells is shown at once, before the next asking. */
  private take(outcome: Outcome): void {
    if (outcome.kind === "done" && this.overview !== null) {
      const fresh = parseCommand(outcome.json);
      const others = this.overview.commands.filter((each) => each.command_id !== fresh.command_id);
      this.overview = { ...this.overview, commands: [fresh, ...others] };
    }
    this.listener.changed();
    void this.ask();
  }

  private async ask(): Promise<void> {
    if (this.isAsking || document.visibilityState === "hidden" || this.reach === "absent") return;
    this.isAsking = true;
    try {
      const answer = await fetch(PATH, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (answer.ok) this.read(parseOverview(await answer.json()));
      else if (answer.status === 404) this.reach = "absent";
      else if (answer.status === 401 || answer.status === 403) this.reach = "forbidden";
      else this.unheard();
    } catch {
      this.unheard();
    } finally {
      this.isAsking = false;
    }
    this.listener.changed();
  }

  private read(after: Overview): void {
    const now_ms = performance.now();
    const before = this.overview;
    const elapsed_s = ((now_ms - this.takenAt_ms) / 1000) * this.clockSpeed;
    const gone = before === null ? [] : newlyEnded(before, after, elapsed_s, now_ms);
    const fresh = newlyAsked(before, after);
    this.overview = after;
    this.takenAt_ms = now_ms;
    this.reach = "fresh";
    const asked = new Set(after.requests.map((each) => each.manoeuvre_id));
    this.ended = [...gone, ...this.ended].filter(
      (each) => now_ms - each.at_ms < ENDED_SHOWN_MS && !asked.has(each.asked.manoeuvre_id),
    );
    if (fresh.length > 0) this.listener.asked(fresh);
    if (gone.length > 0) this.listener.ended(gone);
  }

  private unheard(): void {
    if (performance.now() - this.takenAt_ms > SILENCE_MS) this.reach = "silent";
  }
}

function sendingOf(outcome: Outcome): Sending {
  switch (outcome.kind) {
    case "done":
      return { kind: "done", command_id: parseCommand(outcome.json).command_id };
    case "refused":
      return { kind: "refused", sentence: outcome.sentence };
    case "unheard":
      return { kind: "unheard" };
  }
}
