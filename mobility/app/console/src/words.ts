// Everything the console says, in German and English, and the small grammar of ages, delays and places.
// Technical supervision and layers have their words in `words/`.
import type { Vehicle } from "./model.ts";
import { bearing, metres, type Spot } from "./motion.ts";
import { LAYERS_DE, LAYERS_EN } from "./words/layers.ts";
import { SUPERVISION_DE, SUPERVISION_EN } from "./words/supervision.ts";

export type Language = "de" | "en";

const DE = {
  title: "Leitstelle",
  toolbar: "Werkzeuge",
  vehicles: "Fahrzeuge",
  map: "Karte",
  table: "Tabelle",
  desk: "Disposition",
  help: "Hilfe",
  connecting: "Verbindung wird aufgebaut",
  live: "Echtzeit",
  liveLost: "Echtzeit verloren",
  polling: "Daten werden im Takt abgefragt",
  noAnswer: "der Server antwortet nicht",
  since: "seit",
  caption: "Alle Fahrzeuge mit ihrem letzten Stand",
  vehicle: "Fahrzeug",
  trip: "Linie und Ziel",
  nextStop: "Nächster Halt",
  delay: "Pünktlichkeit",
  mode: "Fahrmodus",
  age: "Datenalter",
  battery: "Batterie",
  doors: "Türen",
  passengers: "Fahrgäste",
  speed: "Tempo",
  place: "Ort",
  position: "Position",
  asOf: "Stand",
  level: "Automatisierung",
  noTrip: "keine Fahrt",
  unknown: "keine Angabe",
  onTime: "pünktlich",
  cancelled: "fällt aus",
  tripUnknown: "Fahrt ungewiss",
  stale: "veraltet",
  lost: "Kontakt verloren",
  lostShort: "kein Kontakt",
  none: "Noch hat kein Fahrzeug Daten gesendet.",
  noneHint: "Sobald ein Fahrzeug sich meldet, erscheint es hier.",
  choose: "Wählen Sie ein Fahrzeug in der Liste oder auf der Karte.",
  details: "Einzelheiten",
  close: "Schließen",
  showAll: "Alles zeigen",
  follow: "Auf der Karte zeigen",
  noMap: "Dieser Browser kann die bewegte Karte nicht zeichnen. Stattdessen steht hier ein einfacher Plan; die Tabelle zeigt alles in Worten.",
  mapFailed: "Die Karte konnte nicht geladen werden. Die Fahrzeuge stehen in der Liste und in der Tabelle.",
  mapLoading: "Karte wird geladen",
  mapLabel: "Karte mit Straßen, Linien, Halten und Fahrzeugen. Dasselbe in Worten zeigt die Tabelle, Taste t.",
  schematic: "Einfacher Plan mit Straßen, Linien, Halten und Fahrzeugen",
  keys: "Tasten",
  keyMove: "Fahrzeug davor oder danach",
  keyChoose: "Fahrzeug auswählen und auf der Karte zeigen",
  keyMap: "Karte",
  keyTable: "Tabelle statt Karte",
  keyAll: "Ganzes Gebiet zeigen",
  keyEscape: "Auswahl oder Hilfe schließen",
  keyHelp: "Diese Hilfe",
  keySupervision: "Technische Aufsicht statt Karte",
  keyDesk: "Zur Disposition: Touren, Störungen, wer Bescheid wissen muss",
  keyRequest: "Zur ersten Anfrage eines Fahrzeugs",
  keyLayers: "Ebene der Karte an oder aus, in der Tabelle ebenso",
  keysOn: "Tasten mit Buchstaben, Ziffern und ? benutzen",
  freshnessRule: "Daten, die älter als 2 Sekunden sind, werden grau und sagen ihr Alter. Nach 5 Sekunden gilt der Kontakt als verloren: Das Zeichen wird hohl und gestrichelt.",
  legend: "Zeichen",
  tally: "{count} Fahrzeuge gemeldet, {late} verspätet, {lost} ohne Kontakt.",
  tallyOne: "1 Fahrzeug gemeldet, {late} verspätet, {lost} ohne Kontakt.",
  near: "bei {place}",
  off: "{distance} {direction} von {place}",
  of: "von",
  standingStill: "steht",
  kinds: { shuttle: "Shuttle", line_bus: "Linienbus", citizen_bus: "Bürgerbus", research: "Forschungsfahrzeug" },
  modes: {
    unknown: "keine Angabe",
    manual: "von Hand",
    assisted: "mit Begleitung",
    automated: "automatisch",
    minimal_risk: "sicher angehalten",
  },
  doorStates: { unknown: "keine Angabe", closed: "zu", open: "offen", ramp_out: "Rampe" },
  directions: ["nördlich", "nordöstlich", "östlich", "südöstlich", "südlich", "südwestlich", "westlich", "nordwestlich"],
  supervision: SUPERVISION_DE,
  layers: LAYERS_DE,
};

export type Words = typeof DE;

const EN: Words = {
  title: "Control room",
  toolbar: "Tools",
  vehicles: "Vehicles",
  map: "Map",
  table: "Table",
  desk: "Dispatch",
  help: "Help",
  connecting: "Connecting",
  live: "Live",
  liveLost: "Live data lost",
  polling: "asking at intervals instead",
  noAnswer: "the server does not answer",
  since: "for",
  caption: "All vehicles with their latest state",
  vehicle: "Vehicle",
  trip: "Line and destination",
  nextStop: "Next stop",
  delay: "Punctuality",
  mode: "Driving mode",
  age: "Data age",
  battery: "Battery",
  doors: "Doors",
  passengers: "Passengers",
  speed: "Speed",
  place: "Place",
  position: "Position",
  asOf: "As of",
  level: "Automation",
  noTrip: "no trip",
  unknown: "not known",
  onTime: "on time",
  cancelled: "cancelled",
  tripUnknown: "trip uncertain",
  stale: "out of date",
  lost: "contact lost",
  lostShort: "no contact",
  none: "No vehicle has sent data yet.",
  noneHint: "As soon as a vehicle reports, it appears here.",
  choose: "Choose a vehicle in the list or on the map.",
  details: "Details",
  close: "Close",
  showAll: "Show all",
  follow: "Show on the map",
  noMap: "This browser can not draw the moving map. A simple plan stands here instead; the table says everything in words.",
  mapFailed: "The map could not be loaded. The vehicles are in the list and in the table.",
  mapLoading: "Loading the map",
  mapLabel: "Map with roads, lines, stops and vehicles. The table says the same in words, key t.",
  schematic: "Simple plan with roads, lines, stops and vehicles",
  keys: "Keys",
  keyMove: "Previous or next vehicle",
  keyChoose: "Choose the vehicle and show it on the map",
  keyMap: "Map",
  keyTable: "Table instead of the map",
  keyAll: "Show the whole area",
  keyEscape: "Close the choice or the help",
  keyHelp: "This help",
  keySupervision: "Technical supervision instead of the map",
  keyDesk: "To dispatch: tours, disruptions, who has to be told",
  keyRequest: "To a vehicle’s first request",
  keyLayers: "Layer of the map on or off, in the table as well",
  keysOn: "Use letter and digit keys and ?",
  freshnessRule: "Data older than 2 seconds turn grey and say their age. After 5 seconds contact counts as lost: the sign becomes hollow and dashed.",
  legend: "Signs",
  tally: "{count} vehicles reporting, {late} late, {lost} without contact.",
  tallyOne: "1 vehicle reporting, {late} late, {lost} without contact.",
  near: "at {place}",
  off: "{distance} {direction} of {place}",
  of: "of",
  standingStill: "standing",
  kinds: { shuttle: "Shuttle", line_bus: "Line bus", citizen_bus: "Citizen bus", research: "Research vehicle" },
  modes: {
    unknown: "not known",
    manual: "manual",
    assisted: "with attendant",
    automated: "automated",
    minimal_risk: "stopped safely",
  },
  doorStates: { unknown: "not known", closed: "closed", open: "open", ramp_out: "ramp" },
  directions: ["north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west"],
  supervision: SUPERVISION_EN,
  layers: LAYERS_EN,
};

/** All words of a language. */
export function wordsOf(language: Language): Words {
  return language === "en" ? EN : DE;
}

/** A text with its `{names}` filled in. */
export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** An age in the largest fitting unit: `3 s`, `2 min`, `1 h 5 min`, `2 d`. */
export function ageWords(age_s: number, language: Language): string {
  const whole_s = Math.max(0, Math.floor(age_s));
  if (whole_s < 60) return `${whole_s} s`;
  const whole_min = Math.floor(whole_s / 60);
  if (whole_min < 60) return `${whole_min} min`;
  const hours = Math.floor(whole_min / 60);
  if (hours < 24) return whole_min % 60 === 0 ? `${hours} h` : `${hours} h ${whole_min % 60} min`;
  const days = Math.floor(hours / 24);
  if (language === "de") return days === 1 ? "1 Tag" : `${days} Tage`;
  return days === 1 ? "1 day" : `${days} days`;
}

export type Punctuality = "on-time" | "late" | "early" | "unknown" | "cancelled";

/** What a vehicle's delay is called; less than a minute off is on time. */
export function punctuality(vehicle: Pick<Vehicle, "delay_s" | "standing">): Punctuality {
  if (vehicle.standing === "cancelled") return "cancelled";
  if (vehicle.standing === "unknown" || vehicle.delay_s === null) return "unknown";
  if (Math.abs(vehicle.delay_s) < 60) return "on-time";
  return vehicle.delay_s > 0 ? "late" : "early";
}

/** The delay in words: `pünktlich`, `3 min später`, `1 min früher`. */
export function delayWords(vehicle: Pick<Vehicle, "delay_s" | "standing">, language: Language): string {
  const words = wordsOf(language);
  const minutes = Math.floor(Math.abs(vehicle.delay_s ?? 0) / 60);
  switch (punctuality(vehicle)) {
    case "cancelled":
      return words.cancelled;
    case "unknown":
      return vehicle.standing === "unknown" ? words.tripUnknown : words.unknown;
    case "on-time":
      return words.onTime;
    case "late":
      return language === "de" ? `${minutes} min später` : `${minutes} min late`;
    case "early":
      return language === "de" ? `${minutes} min früher` : `${minutes} min early`;
  }
}

/** A line and its destination: `D Gustav-Kirchhoff-Platz`. */
export function tripWords(vehicle: Vehicle, words: Words): string {
  if (vehicle.route === null) return vehicle.trip_id ?? words.noTrip;
  return vehicle.headsign === null ? vehicle.route : `${vehicle.route} ${vehicle.headsign}`;
}

/** Passengers of seats: `3 von 6`. */
export function loadWords(vehicle: Vehicle, words: Words): string {
  if (vehicle.passengers === null) return words.unknown;
  return vehicle.seats === null ? `${vehicle.passengers}` : `${vehicle.passengers} ${words.of} ${vehicle.seats}`;
}

/** Speed in km/h, or that it stands. */
export function speedWords(vehicle: Vehicle, words: Words): string {
  if (vehicle.speed_mps === null) return words.unknown;
  return vehicle.speed_mps < 0.3 ? words.standingStill : `${Math.round(vehicle.speed_mps * 3.6)} km/h`;
}

/** Battery in per cent. */
export function batteryWords(vehicle: Vehicle, words: Words): string {
  return vehicle.battery_frac === null ? words.unknown : `${Math.round(vehicle.battery_frac * 100)} %`;
}

export interface NamedSpot extends Spot {
  readonly name: string;
}

/** Where a spot is, in words, by the nearest named place: `bei Homburger Platz`, `350 m südlich von Manebach`. */
export function placeWords(spot: Spot, places: readonly NamedSpot[], language: Language): string {
  const words = wordsOf(language);
  let nearest: NamedSpot | null = null;
  let distance_m = Infinity;
  for (const place of places) {
    const here_m = metres(spot, place);
    if (here_m < distance_m) [nearest, distance_m] = [place, here_m];
  }
  if (nearest === null) return `${spot.lat.toFixed(5)}, ${spot.lon.toFixed(5)}`;
  if (distance_m < 40) return filled(words.near, { place: nearest.name });
  const direction = words.directions[Math.round(bearing(nearest, spot) / 45) % 8] ?? "";
  return filled(words.off, { distance: distanceWords(distance_m, language), direction, place: nearest.name });
}

function distanceWords(distance_m: number, language: Language): string {
  if (distance_m < 995) return `${Math.round(distance_m / 10) * 10} m`;
  const kilometres = (distance_m / 1000).toFixed(1);
  return `${language === "de" ? kilometres.replace(".", ",") : kilometres} km`;
}
