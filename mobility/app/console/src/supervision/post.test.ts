import { afterEach, expect, test, vi } from "vitest";
import { Intentions, post } from "./post.ts";

afterEach(() => vi.unstubAllGlobals());

function counting(): Intentions {
  let n = 0;
  return new Intentions(() => `key-${++n}`);
}

/** A server that answers in turn; `null` is a lost answer. */
function server(...answers: readonly (Response | null)[]): string[] {
  const keys: string[] = [];
  const left = [...answers];
  vi.stubGlobal("fetch", (_path: string, how: { headers: Record<string, string> }) => {
    keys.push(how.headers["Idempotency-Key"] ?? "");
    const next = left.shift();
    return next ? Promise.resolve(next) : Promise.reject(new TypeError("network"));
  });
  return keys;
}

test("an intention keeps its key until it has an answer", async () => {
  const keys = server(null, new Response("", { status: 502 }), Response.json({ command_id: "c" }, { status: 201 }));
  const intentions = counting();
  const send = async (): Promise<string> => (await post(intentions, "decide", "/x", { reason: "r" })).kind;
  expect([await send(), await send(), await send()]).toEqual(["unheard", "unheard", "done"]);
  expect(keys).toEqual(["key-1", "key-1", "key-1"]);
});

test("another content is another intention, and so is the next one after an answer", async () => {
  const keys = server(null, null, Response.json({}), Response.json({}));
  const intentions = counting();
  for (const reason of ["a", "b", "b", "b"]) await post(intentions, "decide", "/x", { reason });
  expect(keys).toEqual(["key-1", "key-2", "key-2", "key-3"]);
});

test("a refusal is told in the server's sentence, also when the server can keep nothing", async () => {
  server(
    Response.json({ detail: "Die Frist ist vorbei.", code: "manoeuvre_closed" }, { status: 409 }),
    Response.json({ detail: "Nichts kann gespeichert werden.", code: "read_only" }, { status: 503 }),
  );
  const intentions = counting();
  expect(await post(intentions, "a", "/x", {})).toEqual({ kind: "refused", sentence: "Die Frist ist vorbei.", code: "manoeuvre_closed" });
  expect(await post(intentions, "a", "/x", {})).toMatchObject({ kind: "refused", code: "read_only" });
});
