// What a supervisor is about to say: the answer to a request and the order to a vehicle, and what they still lack.
import type { ActionRule, Asked, Place } from "./model.ts";

export type Field = "reason" | "cause" | "necessity" | "action" | "text" | "route";
export type Answer = "release_manoeuvre" | "refuse_manoeuvre";

/** Where the sending of a draft stands. */
export type Sending =
  | { readonly kind: "none" }
  | { readonly kind: "sending" }
  | { readonly kind: "refused"; readonly sentence: string }
  | { readonly kind: "unheard" }
  | { readonly kind: "done"; readonly command_id: string };

export interface AnswerDraft {
  readonly reason: string;
  readonly cause: string;
  readonly necessity: string;
  readonly faults: readonly Field[];
  readonly sending: Sending;
  /** What was sent last, to be sent again. */
  readonly answer: Answer | null;
}

export interface OrderDraft {
  readonly vehicle_id: string;
  readonly step: 1 | 2 | 3;
  readonly action: string;
  readonly reason: string;
  readonly text: string;
  readonly points: readonly Place[];
  readonly faults: readonly Field[];
  readonly sending: Sending;
}

export const EMPTY_ANSWER: AnswerDraft = {
  reason: "",
  cause: "",
  necessity: "",
  faults: [],
  sending: { kind: "none" },
  answer: null,
};

export function emptyOrder(vehicle_id: string): OrderDraft {
  return { vehicle_id, step: 1, action: "", reason: "", text: "", points: [], faults: [], sending: { kind: "none" } };
}

/** Those may go without a reason: nothing holds them up. */
export const AT_ONCE: readonly string[] = ["stop_at_next_safe_place", "deactivate"];
const SHORTEST_ROUTE = 2;
export const MOST_POINTS = 500;

/** What an answer lacks; leaving the minimal-risk condition needs cause and necessity as well. */
export function faultsOfAnswer(asked: Asked, draft: AnswerDraft, answer: Answer): readonly Field[] {
  const faults: Field[] = [];
  if (answer === "release_manoeuvre" && asked.needsCause) {
    if (draft.cause.trim() === "") faults.push("cause");
    if (draft.necessity.trim() === "") faults.push("necessity");
  }
  if (draft.reason.trim() === "") faults.push("reason");
  return faults;
}

/** What an order lacks. */
export function faultsOfOrder(draft: OrderDraft): readonly Field[] {
  if (draft.action === "") return ["action"];
  const faults: Field[] = [];
  if (draft.action === "announce" && draft.text.trim() === "") faults.push("text");
  if (draft.action === "propose_route" && draft.points.length < SHORTEST_ROUTE) faults.push("route");
  if (!AT_ONCE.includes(draft.action) && draft.reason.trim() === "") faults.push("reason");
  return faults;
}

/** The body of an answer. */
export function answerBody(asked: Asked, draft: AnswerDraft, answer: Answer): object {
  const isDocumented = asked.needsCause && answer === "release_manoeuvre";
  return {
    action: answer,
    vehicle_id: asked.vehicle_id,
    manoeuvre_id: asked.manoeuvre_id,
    reason: draft.reason.trim(),
    ...(isDocumented ? { cause: draft.cause.trim(), necessity: draft.necessity.trim() } : {}),
  };
}

/** The body of an order; what belongs to another action is left out. */
export function orderBody(draft: OrderDraft): object {
  return {
    action: draft.action,
    vehicle_id: draft.vehicle_id,
    reason: draft.reason.trim(),
    ...(draft.action === "announce" ? { text: draft.text.trim() } : {}),
    ...(draft.action === "propose_route" ? { route: draft.points } : {}),
  };
}

/** What may be ordered of a vehicle of that SAE level; answers to requests are given there. */
export function orderable(rules: readonly ActionRule[], sae_level: number | null): readonly ActionRule[] {
  const level = sae_level ?? 0;
  return rules.filter(
    (rule) => rule.action !== "release_manoeuvre" && rule.action !== "refuse_manoeuvre" && level >= rule.least_sae_level,
  );
}
