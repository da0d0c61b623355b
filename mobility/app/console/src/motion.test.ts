import { expect, test } from "vitest";
import { bearing, glideTo, isGliding, metres, spotAt, standing } from "./motion.ts";

const A = { lon: 10.92, lat: 50.684 };
const B = { lon: 10.9202, lat: 50.6841 };

test("a vehicle seen for the first time stands where it is", () => {
  const glide = standing(A, 1000);
  expect(spotAt(glide, 1000)).toEqual(A);
  expect(isGliding(glide, 1001)).toBe(false);
});

test("a vehicle is half way in the middle of its glide and never past the sample", () => {
  const glide = glideTo(standing(A, 0), B, 1000);
  expect(spotAt(glide, 1000)).toEqual(A);
  expect(spotAt(glide, 1500).lon).toBeCloseTo((A.lon + B.lon) / 2, 9);
  expect(spotAt(glide, 2000)).toEqual(B);
  expect(spotAt(glide, 99_000)).toEqual(B);
  expect(isGliding(glide, 99_000)).toBe(false);
});

test("a new sample continues from where the vehicle is drawn, without a leap back", () => {
  const first = glideTo(standing(A, 0), B, 1000);
  const drawn = spotAt(first, 1600);
  const second = glideTo(first, { lon: 10.9206, lat: 50.6842 }, 1600);
  expect(spotAt(second, 1600)).toEqual(drawn);
});

test("after a silence the glide lasts two seconds at most", () => {
  expect(glideTo(standing(A, 0), B, 60_000).span_ms).toBe(2000);
});

test("a vehicle that turns up far away is set there, not driven across the map", () => {
  const glide = glideTo(standing(A, 0), { lon: 10.86, lat: 50.58 }, 1000);
  expect(spotAt(glide, 1000)).toEqual({ lon: 10.86, lat: 50.58 });
});

test("distances and bearings fit the compass", () => {
  expect(metres({ lon: 10, lat: 50 }, { lon: 10, lat: 50.001 })).toBeCloseTo(111.2, 0);
  expect(bearing({ lon: 10, lat: 50 }, { lon: 10, lat: 51 })).toBeCloseTo(0, 6);
  expect(bearing({ lon: 10, lat: 50 }, { lon: 11, lat: 50 })).toBeCloseTo(90, 6);
  expect(bearing({ lon: 10, lat: 50 }, { lon: 9, lat: 50 })).toBeCloseTo(270, 6);
});
