// What is said aloud: each request once when it comes, each ending once; a running number is never read out.
import type { Desk, DeskListener } from "./supervision/desk.ts";
import type { Asked } from "./supervision/model.ts";
import type { Ended } from "./supervision/watch.ts";
import { labelOf, type Look } from "./view/cells.ts";
import { wordFor } from "./view/command-words.ts";
import { endedWords } from "./view/requests.ts";
import { filled } from "./words.ts";

/** The sentence for requests that have just come. */
export function askedWords(requests: readonly Asked[], desk: Desk, look: Look): string {
  const words = look.words.supervision;
  return requests
    .map((each) =>
      filled(words.asksOne, {
        vehicle: labelOf(each.vehicle_id, look),
        what: wordFor(words.kinds, each.kind),
        seconds: Math.ceil(desk.left_s(each.left_s)),
      }),
    )
    .join(" ");
}

/** Connects a desk with a screen; a focus that would vanish with its request goes to what took its place. */
export class Announcer implements DeskListener {
  /** What the live region holds. */
  text = "";
  /** First match gets the focus after the next drawing. */
  wish: string | null = null;

  constructor(
    private readonly root: HTMLElement,
    private readonly desk: () => Desk,
    private readonly look: () => Look,
    private readonly draw: () => void,
  ) {}

  changed(): void {
    this.draw();
  }

  asked(requests: readonly Asked[]): void {
    this.text = askedWords(requests, this.desk(), this.look());
  }

  ended(requests: readonly Ended[]): void {
    this.text = requests.map((each) => endedWords(each, this.desk(), this.look())).join(" ");
    const here = this.root.ownerDocument.activeElement?.closest<HTMLElement>("[data-request]");
    const gone = requests.some((each) => each.asked.manoeuvre_id === here?.dataset["request"]);
    if (gone) this.wish = ".ended__dismiss";
  }

  focus(selector: string): void {
    this.wish = selector;
    this.draw();
  }

  /** Call after drawing. */
  settle(): void {
    if (this.wish === null) return;
    const target = this.root.querySelector<HTMLElement>(this.wish);
    this.wish = null;
    target?.focus();
    target?.scrollIntoView({ block: "nearest" });
  }
}
