import { expect, test } from "vitest";
import { ageWords, delayWords, filled, placeWords, punctuality, wordsOf } from "./words.ts";

test("an age is told in its largest fitting unit", () => {
  expect(ageWords(0.4, "de")).toBe("0 s");
  expect(ageWords(59.9, "de")).toBe("59 s");
  expect(ageWords(60, "de")).toBe("1 min");
  expect(ageWords(3600, "de")).toBe("1 h");
  expect(ageWords(3900, "en")).toBe("1 h 5 min");
  expect(ageWords(86_400, "de")).toBe("1 Tag");
  expect(ageWords(200_000, "en")).toBe("2 days");
  expect(ageWords(-5, "de")).toBe("0 s");
});

test("less than a minute off is on time, a cancelled trip is nothing else", () => {
  expect(punctuality({ delay_s: 59, standing: "running" })).toBe("on-time");
  expect(punctuality({ delay_s: 60, standing: "running" })).toBe("late");
  expect(punctuality({ delay_s: -60, standing: "running" })).toBe("early");
  expect(punctuality({ delay_s: 300, standing: "cancelled" })).toBe("cancelled");
  expect(punctuality({ delay_s: 300, standing: "unknown" })).toBe("unknown");
  expect(punctuality({ delay_s: null, standing: "running" })).toBe("unknown");
});

test("a delay is told in words of the language", () => {
  expect(delayWords({ delay_s: 200, standing: "running" }, "de")).toBe("3 min später");
  expect(delayWords({ delay_s: -80, standing: "running" }, "en")).toBe("1 min early");
  expect(delayWords({ delay_s: 0, standing: "running" }, "de")).toBe("pünktlich");
});

test("a place is told by the nearest name, its distance and direction", () => {
  const places = [
    { name: "Manebach", lon: 10.86, lat: 50.68 },
    { name: "Frauenwald", lon: 10.86, lat: 50.58 },
  ];
  expect(placeWords({ lon: 10.86, lat: 50.6801 }, places, "de")).toBe("bei Manebach");
  expect(placeWords({ lon: 10.86, lat: 50.677 }, places, "de")).toBe("330 m südlich von Manebach");
  expect(placeWords({ lon: 10.86, lat: 50.6 }, places, "en")).toBe("2.2 km north of Frauenwald");
  expect(placeWords({ lon: 10.86, lat: 50.6 }, [], "de")).toBe("50.60000, 10.86000");
});

test("both languages say everything", () => {
  const holes = (words: object): string[] =>
    Object.entries(words).flatMap(([name, value]) =>
      typeof value === "object" ? holes(value as object) : value === "" ? [name] : [],
    );
  expect(Object.keys(wordsOf("en")).sort()).toEqual(Object.keys(wordsOf("de")).sort());
  expect([...holes(wordsOf("de")), ...holes(wordsOf("en"))]).toEqual([]);
});

test("an unknown name in a text stays visible", () => {
  expect(filled("{a} und {b}", { a: 1 })).toBe("1 und {b}");
});
