// Service signs: shape, letter and colour of each kind, drawn the same in the list and on the map.
import { svg, type TemplateResult } from "lit";
import type { Kind } from "./model.ts";

export interface Sign {
  readonly letter: string;
  readonly fill: string;
  /** Outline on a 24 x 24 field. */
  readonly path: string;
  /** Baseline of the letter on that field. */
  readonly baseline: number;
  readonly letterSize: number;
}

/** Shuttle rounded square, line bus square, citizen bus circle, research van triangle. */
export const SIGNS: Readonly<Record<Kind, Sign>> = {
  shuttle: {
    letter: "S",
    fill: "#0a4a57",
    path: "M8 2h8a6 6 0 0 1 6 6v8a6 6 0 0 1-6 6H8a6 6 0 0 1-6-6V8a6 6 0 0 1 6-6z",
    baseline: 17.2,
    letterSize: 15,
  },
  line_bus: { letter: "L", fill: "#7a1f4b", path: "M2.5 2.5h19v19h-19z", baseline: 17.2, letterSize: 15 },
  citizen_bus: {
    letter: "B",
    fill: "#1f4f1f",
    path: "M12 1.5a10.5 10.5 0 1 1 0 21a10.5 10.5 0 1 1 0-21z",
    baseline: 17.2,
    letterSize: 15,
  },
  research: { letter: "F", fill: "#4b3a86", path: "M12 1L23.5 22.5H.5z", baseline: 20, letterSize: 12.5 },
};

/** The sign as SVG for lists and tables; its meaning stands beside it in words. */
export function signSvg(kind: Kind, freshness: string): TemplateResult {
  const sign = SIGNS[kind];
  return svg`<svg class="sign-svg sign-svg--${freshness}" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false">
    <path d=${sign.path} fill=${sign.fill}></path>
    <text x="12" y=${sign.baseline} text-anchor="middle" font-size=${sign.letterSize} font-weight="700">${sign.letter}</text>
  </svg>`;
}
