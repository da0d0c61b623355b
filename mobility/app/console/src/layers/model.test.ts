import { expect, test } from "vitest";
import { drawn, parseLayer, weightOf } from "./model.ts";
import { parseLinks } from "../links.ts";

const LINE = { type: "LineString", coordinates: [[10.9, 50.68], [10.91, 50.69]] };

test("lines and points are read, anything else is left out", () => {
  const json = {
    features: [
      { geometry: LINE, properties: { late_frac: 0.3 } },
      { geometry: { type: "Point", coordinates: [10, 50] }, properties: null },
      { geometry: { type: "Polygon", coordinates: [] } },
      { geometry: { type: "LineString", coordinates: [[10, "x"]] } },
      null,
    ],
  };
  expect(parseLayer(json).map((each) => each.geometry.type)).toEqual(["LineString", "Point"]);
  for (const junk of [null, 3, {}, { features: "x" }]) expect(parseLayer(junk)).toEqual([]);
});

test("a thing weighs by its own figure", () => {
  expect([0.01, 0.1, 0.5].map((late_frac) => weightOf("coverage", { late_frac }))).toEqual([0, 1, 2]);
  expect(["A", "B", "C", "D", "E"].map((letter) => weightOf("roughness", { class: letter }))).toEqual([0, 0, 1, 2, 2]);
  expect([3, 20, 40].map((mean_delay_s) => weightOf("junctions", { mean_delay_s }))).toEqual([0, 1, 2]);
});

test("junctions and hazards say their figure on the map", () => {
  const junctions = drawn("junctions", [{ geometry: { type: "Point", coordinates: [1, 2] }, row: { mean_delay_s: 12.6 } }], () => "");
  expect(junctions.features[0]?.properties.label).toBe("13 s");
  const hazards = drawn("hazards", [{ geometry: { type: "Point", coordinates: [1, 2] }, row: {} }], () => "Panne");
  expect(hazards.features[0]?.properties.label).toBe("Panne");
});

test("links are read with distrust", () => {
  const links = parseLinks({ vehicles: [{ vehicle_id: "a", state: "live", rtt_p50_ms: "x" }, { vehicle_id: "b", state: "?" }, null] });
  expect([...links.keys()]).toEqual(["a"]);
  expect(links.get("a")).toMatchObject({ rtt_p50_ms: null, reconnects_today: 0 });
});
