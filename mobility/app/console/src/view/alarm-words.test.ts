import { expect, test } from "vitest";
import { wordsOf } from "../words.ts";
import { alarmDetail } from "./alarm-words.ts";

test("the detail of an alarm is told in the reader's language", () => {
  const words = wordsOf("de");
  expect(alarmDetail("items 1, 5, 6", words)).toBe("es fehlen die Angaben 1, 5, 6");
  expect(alarmDetail("items 6; 12 s of records", words)).toBe("es fehlen die Angaben 6, es fehlen 12 s Aufzeichnung");
  expect(alarmDetail("minimal_risk -> automated", words)).toBe("von „sicher angehalten“ nach „automatisch“");
  expect(alarmDetail("2 riders 14 min late", words)).toBe("Fahrgäste: 2, bis zu 14 min nach der zugesagten Zeit");
  expect(alarmDetail("pass_obstacle", words)).toBe("an einem Hindernis vorbeifahren");
  expect(alarmDetail("Frauenwald", words)).toBe("Frauenwald");
  expect(alarmDetail("", words)).toBe("");
});
