import { expect, test } from "vitest";
import { parseOverview, type Overview } from "./model.ts";
import { answerTo, leftNow, newlyAsked, newlyEnded, shareLeft } from "./watch.ts";

function overview(requests: readonly object[], commands: readonly object[] = []): Overview {
  return parseOverview({ now: "2025-10-14T09:30:00+02:00", manoeuvres: requests, commands });
}

const ASKED = { manoeuvre_id: "v/1", vehicle_id: "v", kind: "reverse", seconds_left: 30, asked_at: "2025-10-14T09:29:50+02:00" };

test("seconds run down in the watcher's time, also in a fast demo", () => {
  expect(leftNow(30, 1000, 6000, 1)).toBe(25);
  expect(leftNow(30, 1000, 1000, 10)).toBe(3);
  expect(leftNow(1, 0, 60_000, 1)).toBe(0);
});

test("a request is new once", () => {
  const first = overview([ASKED]);
  expect(newlyAsked(null, first)).toHaveLength(1);
  expect(newlyAsked(first, overview([ASKED]))).toHaveLength(0);
});

test("a request ends by the vehicle's word, by its deadline, or because the vehicle asks no more", () => {
  const before = overview([ASKED]);
  const command = { command_id: "c", manoeuvre_id: "v/1", action: "release_manoeuvre", state: "accepted" };
  const ending = (after: Overview, elapsed_s: number): string | undefined => newlyEnded(before, after, elapsed_s, 0)[0]?.ending;
  expect(ending(overview([], [command]), 1)).toBe("released");
  expect(ending(overview([], [{ ...command, action: "refuse_manoeuvre", state: "executed" }]), 1)).toBe("refused");
  expect(ending(overview([], [{ ...command, state: "rejected" }]), 1)).toBe("withdrawn");
  expect(ending(overview([]), 29.5)).toBe("expired");
  expect(ending(overview([]), 2)).toBe("withdrawn");
  expect(ending(overview([ASKED]), 2)).toBeUndefined();
});

test("the bar shows the share of the whole time", () => {
  const asked = overview([ASKED]).requests[0];
  if (asked === undefined) throw new Error("no request");
  const now = "2025-10-14T09:30:00+02:00";
  expect(shareLeft(asked, now, 30, 30)).toBeCloseTo(0.75);
  expect(shareLeft(asked, now, 0, 30)).toBe(0);
  expect(shareLeft(asked, "", 15, 30)).toBeCloseTo(0.5);
});

test("only an answer to the request counts", () => {
  const { commands } = overview([], [{ command_id: "c", manoeuvre_id: "v/1", action: "announce", state: "issued" }]);
  expect(answerTo("v/1", commands, ["issued"])).toBeNull();
});

test("whatever the server sends, reading it does not fail", () => {
  for (const junk of [null, 5, "x", [], { manoeuvres: 5 }, { manoeuvres: [null, {}, { place: 3 }], alarms: [{}] }]) {
    expect(parseOverview(junk)).toMatchObject({ requests: [], commands: [], alarms: [] });
  }
});
