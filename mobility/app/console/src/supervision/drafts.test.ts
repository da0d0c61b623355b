import { expect, test } from "vitest";
import {
  answerBody,
  EMPTY_ANSWER,
  emptyOrder,
  faultsOfAnswer,
  faultsOfOrder,
  orderable,
  orderBody,
} from "./drafts.ts";
import { parseOverview, type Asked } from "./model.ts";

function asked(needs_cause: boolean): Asked {
  const [one] = parseOverview({ manoeuvres: [{ manoeuvre_id: "v/1", vehicle_id: "v", needs_cause }] }).requests;
  if (one === undefined) throw new Error("no request");
  return one;
}

test("an answer needs a reason; leaving minimal risk needs cause and necessity too", () => {
  expect(faultsOfAnswer(asked(false), EMPTY_ANSWER, "refuse_manoeuvre")).toEqual(["reason"]);
  expect(faultsOfAnswer(asked(true), EMPTY_ANSWER, "release_manoeuvre")).toEqual(["cause", "necessity", "reason"]);
  expect(faultsOfAnswer(asked(true), { ...EMPTY_ANSWER, reason: "r" }, "refuse_manoeuvre")).toEqual([]);
  const whole = { ...EMPTY_ANSWER, reason: "r", cause: "c", necessity: " " };
  expect(faultsOfAnswer(asked(true), whole, "release_manoeuvre")).toEqual(["necessity"]);
});

test("only a documented release carries its cause", () => {
  const draft = { ...EMPTY_ANSWER, reason: " r ", cause: "c", necessity: "n" };
  expect(answerBody(asked(true), draft, "release_manoeuvre")).toMatchObject({ reason: "r", cause: "c", necessity: "n" });
  expect(answerBody(asked(true), draft, "refuse_manoeuvre")).not.toHaveProperty("cause");
});

test("stopping may go without a reason, an announcement needs its text, a route two points", () => {
  const order = emptyOrder("v");
  expect(faultsOfOrder(order)).toEqual(["action"]);
  expect(faultsOfOrder({ ...order, action: "deactivate" })).toEqual([]);
  expect(faultsOfOrder({ ...order, action: "announce" })).toEqual(["text", "reason"]);
  const points = [{ lat: 50, lon: 10 }];
  expect(faultsOfOrder({ ...order, action: "propose_route", reason: "r", points })).toEqual(["route"]);
});

test("what was written for another command is not sent", () => {
  const order = { ...emptyOrder("v"), action: "open_support_call", reason: "r", text: "t", points: [{ lat: 50, lon: 10 }] };
  expect(orderBody(order)).toEqual({ action: "open_support_call", vehicle_id: "v", reason: "r" });
});

test("a vehicle is offered what its level allows, never an answer to a request", () => {
  const { rules } = parseOverview({
    policy: {
      actions: [
        { action: "release_manoeuvre", least_sae_level: 4 },
        { action: "deactivate", least_sae_level: 4 },
        { action: "announce", least_sae_level: 0 },
      ],
    },
  });
  const names = (level: number | null): readonly string[] => orderable(rules, level).map((rule) => rule.action);
  expect(names(4)).toEqual(["deactivate", "announce"]);
  expect(names(2)).toEqual(["announce"]);
  expect(names(null)).toEqual(["announce"]);
});
