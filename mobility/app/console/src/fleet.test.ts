import { expect, test } from "vitest";
import { Fleet } from "./fleet.ts";
import { ageNow, freshness } from "./freshness.ts";
import { parseReport } from "./model.ts";

const vehicle = (id: string, more: object = {}): object => ({
  vehicle_id: id,
  label: id,
  kind: "line_bus",
  lat: 50.68,
  lon: 10.92,
  age_s: 1,
  as_of: "2025-10-14T07:40:00+02:00",
  ...more,
});

test("data grow older while nothing comes, and are stale after 2 s, lost after 5 s", () => {
  const fleet = new Fleet(1, () => true);
  fleet.take(parseReport({ vehicles: [vehicle("a")] }), true, 10_000);
  expect(fleet.age_s("a", 10_000)).toBe(1);
  expect(fleet.freshness("a", 11_000)).toBe("fresh");
  expect(fleet.freshness("a", 11_001)).toBe("stale");
  expect(fleet.freshness("a", 14_001)).toBe("lost");
});

test("seconds of a faster clock are brought back to the watcher's", () => {
  expect(ageNow(60, 0, 500, 60)).toBe(1.5);
  expect(freshness(1.5)).toBe("fresh");
});

test("an event changes only the vehicles it names, a snapshot ends those it does not", () => {
  const fleet = new Fleet(1, () => true);
  fleet.take(parseReport({ vehicles: [vehicle("a"), vehicle("b")] }), true, 0);
  fleet.take(parseReport({ vehicles: [vehicle("b", { delay_s: 90 })] }), false, 1000);
  expect(fleet.vehicles.map((entry) => entry.vehicle_id)).toEqual(["a", "b"]);
  expect(fleet.get("b")?.delay_s).toBe(90);
  fleet.take(parseReport({ vehicles: [vehicle("b")] }), true, 2000);
  expect(fleet.vehicles.map((entry) => entry.vehicle_id)).toEqual(["b"]);
});

test("the same sample told twice does not start a new glide", () => {
  const fleet = new Fleet(1, () => true);
  fleet.take(parseReport({ vehicles: [vehicle("a")] }), true, 0);
  fleet.take(parseReport({ vehicles: [vehicle("a", { lat: 50.6801, as_of: "2025-10-14T07:40:01+02:00" })] }), false, 1000);
  const before = fleet.spot("a", 1400);
  fleet.take(parseReport({ vehicles: [vehicle("a", { lat: 50.6801, as_of: "2025-10-14T07:40:01+02:00" })] }), false, 1400);
  expect(fleet.spot("a", 1400)).toEqual(before);
});

test("vehicles stand in the order of their service, then by number", () => {
  const fleet = new Fleet(1, () => true);
  const list = [vehicle("Bus 10"), vehicle("Bus 9"), vehicle("P", { kind: "research" }), vehicle("S", { kind: "shuttle" })];
  fleet.take(parseReport({ vehicles: list }), true, 0);
  expect(fleet.vehicles.map((entry) => entry.label)).toEqual(["S", "Bus 9", "Bus 10", "P"]);
});

test("what is no vehicle is left out and unknown values become unknown", () => {
  const report = parseReport({
    now: 7,
    vehicles: [null, 3, {}, vehicle("x", { lat: "50" }), vehicle("y", { lat: 91 }), vehicle("ok", { mode: "flying", battery_frac: "full" })],
  });
  expect(report.now).toBe(null);
  expect(report.vehicles.map((entry) => [entry.vehicle_id, entry.mode, entry.battery_frac])).toEqual([["ok", "unknown", null]]);
  expect(parseReport("nonsense").vehicles).toEqual([]);
  expect(parseReport(null).vehicles).toEqual([]);
});
