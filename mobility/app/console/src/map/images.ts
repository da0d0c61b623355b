// Pictures the map places: vehicle signs in each state, the heading arrow, the meeting point.
import type { Map as MapLibre } from "maplibre-gl";
import type { Freshness } from "../freshness.ts";
import type { Kind } from "../model.ts";
import { SIGNS } from "../sign.ts";
import { HAZARD } from "./overlays.ts";
import type { MapTheme } from "./theme.ts";

const RATIO = 2;
const SIGN_PX = 30;
const ARROW_PX = 47;
const FRESHNESS: readonly Freshness[] = ["fresh", "stale", "lost"];

/** Name of the picture of a vehicle's state. */
export function signName(kind: Kind, freshness: Freshness, isSelected: boolean): string {
  return `sign-${kind}-${freshness}${isSelected ? "-selected" : ""}`;
}

export const ARROW = "arrow";

/** Give the map every picture it needs, anew for each theme. */
export function addImages(map: MapLibre, theme: MapTheme): void {
  for (const kind of Object.keys(SIGNS) as Kind[]) {
    for (const freshness of FRESHNESS) {
      for (const isSelected of [false, true]) {
        put(map, signName(kind, freshness, isSelected), SIGN_PX, (pen) => drawSign(pen, kind, freshness, isSelected, theme));
      }
    }
  }
  put(map, ARROW, ARROW_PX, (pen) => drawArrow(pen, theme));
  put(map, "meeting-point", 14, (pen) => drawMeetingPoint(pen, theme));
  put(map, HAZARD, 26, (pen) => drawHazard(pen, theme));
}

function put(map: MapLibre, name: string, size_px: number, draw: (pen: CanvasRenderingContext2D) => void): void {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size_px * RATIO;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) return;
  pen.scale(RATIO, RATIO);
  draw(pen);
  const image = pen.getImageData(0, 0, canvas.width, canvas.height);
  if (map.hasImage(name)) map.removeImage(name);
  map.addImage(name, image, { pixelRatio: RATIO });
}

function drawSign(
  pen: CanvasRenderingContext2D,
  kind: Kind,
  freshness: Freshness,
  isSelected: boolean,
  theme: MapTheme,
): void {
  const sign = SIGNS[kind];
  const shape = new Path2D(sign.path);
  pen.translate((SIGN_PX - 24) / 2, (SIGN_PX - 24) / 2);
  pen.lineJoin = "round";
  if (isSelected) {
    pen.strokeStyle = theme.selected;
    pen.lineWidth = 6;
    pen.stroke(shape);
  }
  pen.strokeStyle = theme.signEdge;
  pen.lineWidth = 3;
  pen.stroke(shape);
  // Fresh is filled; stale is filled grey; lost is hollow with a dashed edge.
  pen.fillStyle = freshness === "fresh" ? sign.fill : freshness === "stale" ? "#5b6168" : theme.ground;
  pen.fill(shape);
  if (freshness === "lost") {
    pen.setLineDash([3, 2.4]);
    pen.strokeStyle = theme.stopLine;
    pen.lineWidth = 2;
    pen.stroke(shape);
  }
  pen.fillStyle = freshness === "lost" ? theme.stopLine : "#ffffff";
  pen.font = `700 ${sign.letterSize}px "Atkinson Hyperlegible Next Variable", Verdana, sans-serif`;
  pen.textAlign = "center";
  pen.fillText(sign.letter, 12, sign.baseline);
}

function drawArrow(pen: CanvasRenderingContext2D, theme: MapTheme): void {
  const middle = ARROW_PX / 2;
  pen.beginPath();
  pen.moveTo(middle, 2.5);
  pen.lineTo(middle + 7, 12);
  pen.lineTo(middle - 7, 12);
  pen.closePath();
  pen.lineJoin = "round";
  pen.strokeStyle = theme.signEdge;
  pen.lineWidth = 3;
  pen.stroke();
  pen.fillStyle = theme.stopLine;
  pen.fill();
}

function drawMeetingPoint(pen: CanvasRenderingContext2D, theme: MapTheme): void {
  pen.translate(7, 7);
  pen.rotate(Math.PI / 4);
  pen.fillStyle = theme.stopFill;
  pen.strokeStyle = theme.stopLine;
  pen.lineWidth = 1.6;
  pen.fillRect(-3.6, -3.6, 7.2, 7.2);
  pen.strokeRect(-3.6, -3.6, 7.2, 7.2);
}

/** A diamond with an exclamation mark: no service has that shape. */
function drawHazard(pen: CanvasRenderingContext2D, theme: MapTheme): void {
  const shape = new Path2D("M13 1.5L24.5 13L13 24.5L1.5 13z");
  pen.lineJoin = "round";
  pen.strokeStyle = theme.halo;
  pen.lineWidth = 3;
  pen.stroke(shape);
  pen.fillStyle = theme.hazard;
  pen.fill(shape);
  pen.strokeStyle = "#15191d";
  pen.lineWidth = 1.5;
  pen.stroke(shape);
  pen.fillStyle = "#15191d";
  pen.fillRect(11.8, 6.5, 2.4, 8);
  pen.fillRect(11.8, 16.5, 2.4, 2.6);
}
