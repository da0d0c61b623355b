// What the server tells of technical supervision, read with distrust: requests, commands, alarms, policy.

export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** A vehicle's request for a decision. */
export interface Asked {
  readonly manoeuvre_id: string;
  readonly vehicle_id: string;
  readonly kind: string;
  readonly text: string;
  readonly place: Place | null;
  /** Leaving the minimal-risk condition: cause and necessity have to be documented. */
  readonly needsCause: boolean;
  readonly asked_at: string;
  /** As of the answer, in seconds of the service's clock. */
  readonly left_s: number;
}

export interface Command {
  readonly command_id: string;
  readonly vehicle_id: string;
  readonly action: string;
  readonly manoeuvre_id: string | null;
  readonly issuer: string;
  readonly approver: string | null;
  readonly reason: string;
  readonly cause: string;
  readonly necessity: string;
  readonly text: string;
  readonly points: number;
  readonly state: string;
  readonly state_reason: string;
  readonly issued_at: string | null;
  readonly left_s: number;
}

export interface Alarm {
  readonly alarm_id: string;
  readonly kind: string;
  readonly vehicle_id: string;
  readonly raised_at: string;
  readonly detail: string;
}

/** What a vehicle may be commanded, from which SAE level on, and whether a second person is needed. */
export interface ActionRule {
  readonly action: string;
  readonly lifetime_s: number;
  readonly least_sae_level: number;
  readonly needsApproval: boolean;
}

export interface Overview {
  readonly now: string;
  readonly requests: readonly Asked[];
  readonly commands: readonly Command[];
  readonly alarms: readonly Alarm[];
  readonly rules: readonly ActionRule[];
}

export const ANSWERS: readonly string[] = ["release_manoeuvre", "refuse_manoeuvre"];
/** States in which a command may still reach its vehicle. */
export const UNDER_WAY: readonly string[] = ["issued", "received"];

/** Read an overview; what has no id is left out, never a reason to stop. */
export function parseOverview(json: unknown): Overview {
  const root = record(json);
  const policy = record(root["policy"]);
  return {
    now: text(root["now"]),
    requests: list(root["manoeuvres"]).map(asked).filter((each) => each.manoeuvre_id !== ""),
    commands: list(root["commands"]).map(parseCommand).filter((each) => each.command_id !== ""),
    alarms: list(root["alarms"]).map(alarm).filter((each) => each.alarm_id !== ""),
    rules: list(policy["actions"]).map(rule).filter((each) => each.action !== ""),
  };
}

export function parseCommand(json: unknown): Command {
  const one = record(json);
  return {
    command_id: text(one["command_id"]),
    vehicle_id: text(one["vehicle_id"]),
    action: text(one["action"]),
    manoeuvre_id: text(one["manoeuvre_id"]) || null,
    issuer: text(one["issuer"]),
    approver: text(one["approver"]) || null,
    reason: text(one["reason"]),
    cause: text(one["cause"]),
    necessity: text(one["necessity"]),
    text: text(one["text"]),
    points: list(one["route"]).length,
    state: text(one["state"]),
    state_reason: text(one["state_reason"]),
    issued_at: text(one["issued_at"]) || null,
    left_s: number(one["seconds_left"]),
  };
}

function asked(json: unknown): Asked {
  const one = record(json);
  const place = record(one["place"]);
  const { lat, lon } = place;
  return {
    manoeuvre_id: text(one["manoeuvre_id"]),
    vehicle_id: text(one["vehicle_id"]),
    kind: text(one["kind"]),
    text: text(one["text"]),
    place: typeof lat === "number" && typeof lon === "number" ? { lat, lon } : null,
    needsCause: one["needs_cause"] === true,
    asked_at: text(one["asked_at"]),
    left_s: number(one["seconds_left"]),
  };
}

function alarm(json: unknown): Alarm {
  const one = record(json);
  return {
    alarm_id: text(one["alarm_id"]),
    kind: text(one["kind"]),
    vehicle_id: text(one["vehicle_id"]),
    raised_at: text(one["raised_at"]),
    detail: text(one["detail"]),
  };
}

function rule(json: unknown): ActionRule {
  const one = record(json);
  return {
    action: text(one["action"]),
    lifetime_s: number(one["lifetime_s"]),
    least_sae_level: number(one["least_sae_level"]),
    needsApproval: one["needs_approval"] === true,
  };
}

function record(json: unknown): Record<string, unknown> {
  return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
}

function list(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

function text(json: unknown): string {
  return typeof json === "string" ? json : "";
}

function number(json: unknown): number {
  return typeof json === "number" && Number.isFinite(json) ? json : 0;
}
