// Keys of the console. Letters can be switched off; arrows leave the map's own keys alone.

export interface KeyActions {
  readonly isOn: () => boolean;
  readonly view: (view: "map" | "table" | "supervision") => void;
  readonly layer: (index: number) => void;
  readonly request: () => void;
  readonly desk: () => void;
  readonly all: () => void;
  readonly help: () => void;
  readonly escape: () => void;
  readonly move: (step: 1 | -1) => void;
}

/** Listen on the document; the result stops it. */
export function listenToKeys(actions: KeyActions): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, select, textarea, dialog[open]")) return;
    if (act(event.key, target, actions)) event.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function act(key: string, target: Element | null, actions: KeyActions): boolean {
  switch (key) {
    case "ArrowDown":
    case "ArrowUp":
      if (target !== null && target !== document.body && !target.closest(".room__list, .room__details, .toolbar")) return false;
      actions.move(key === "ArrowDown" ? 1 : -1);
      return true;
    case "Escape":
      actions.escape();
      return true;
  }
  if (!actions.isOn()) return false;
  switch (key.toLowerCase()) {
    case "m":
      actions.view("map");
      return true;
    case "t":
      actions.view("table");
      return true;
    case "s":
      actions.view("supervision");
      return true;
    case "d":
      actions.desk();
      return true;
    case "r":
      actions.request();
      return true;
    case "1":
    case "2":
    case "3":
    case "4":
      actions.layer(Number(key) - 1);
      return true;
    case "a":
      actions.all();
      return true;
    case "?":
      actions.help();
      return true;
    default:
      return false;
  }
}
