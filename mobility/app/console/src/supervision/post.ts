// Sending an intention: one Idempotency-Key for as long as the intention stays the same, however often it is sent.

/** What became of it. `unheard` may have arrived: only the same key may be sent again. */
export type Outcome =
  | { readonly kind: "done"; readonly json: unknown }
  | { readonly kind: "refused"; readonly sentence: string; readonly code: string }
  | { readonly kind: "unheard" };

const PATIENCE_MS = 4000;

/** Keys of intentions that have no answer yet. */
export class Intentions {
  private readonly keys = new Map<string, { readonly body: string; readonly key: string }>();

  constructor(private readonly newKey: () => string = () => crypto.randomUUID()) {}

  /** The key of an intention; another content is another intention. */
  keyOf(name: string, body: string): string {
    const known = this.keys.get(name);
    if (known !== undefined && known.body === body) return known.key;
    const key = this.newKey();
    this.keys.set(name, { body, key });
    return key;
  }

  /** It has its answer: the next one is a new intention. */
  answered(name: string): void {
    this.keys.delete(name);
  }
}

/** Post an intention once. A server that fails or says nothing leaves it open. */
export async function post(intentions: Intentions, name: string, path: string, content: object | null): Promise<Outcome> {
  const body = content === null ? "" : JSON.stringify(content);
  const headers: Record<string, string> = { "Idempotency-Key": intentions.keyOf(name, body) };
  if (content !== null) headers["Content-Type"] = "application/json";
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(path, { method: "POST", headers, signal, ...(content === null ? {} : { body }) });
    const json: unknown = await answer.json().catch(() => null);
    if (answer.ok) {
      intentions.answered(name);
      return { kind: "done", json };
    }
    const no = refused(json, answer.status);
    // A server that fails without a reason of its own may have done it all the same.
    if (answer.status >= 500 && no.code === "") return { kind: "unheard" };
    intentions.answered(name);
    return no;
  } catch {
    return { kind: "unheard" };
  }
}

function refused(json: unknown, status: number): Extract<Outcome, { kind: "refused" }> {
  const problem = typeof json === "object" && json !== null ? (json as Record<string, unknown>) : {};
  const { detail, code } = problem;
  const sentence = typeof detail === "string" && detail !== "" ? detail : `HTTP ${status}`;
  return { kind: "refused", sentence, code: typeof code === "string" ? code : "" };
}
