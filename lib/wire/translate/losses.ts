import { PublicError } from "@/lib/errors";
import { own } from "@/lib/money/own";
import { isObject } from "../json/object";
import { type Direction, FIELDS } from "./fields";

/** Names of members that a caller allows to drop, as in the table; `*` = all of them. */
export type Drops = readonly string[];

/** Gets each dropped member by its name in the table, once per place. */
export type OnDropped = (field: string) => void;

/** Header with which a caller allows it: `top_k, thinking` or `*`. */
export const DROP_HEADER = "x-spillway-drop";

export function dropsIn(header: string | undefined): Drops {
  return (header ?? "")
    .split(",")
    .flatMap((name) => (name.trim() === "" ? [] : [name.trim().slice(0, NAME_CHARS_MAX)]));
}

const NAME_CHARS_MAX = 128;
const SAID_CHARS_MAX = 64;

/** Ensures that a translation loses nothing unless its caller allows it. */
export class Losses {
  readonly #direction: Direction;
  readonly #drops: Drops;
  readonly #onDropped: OnDropped;

  constructor(direction: Direction, drops: Drops, onDropped: OnDropped = () => undefined) {
    this.#direction = direction;
    this.#drops = drops;
    this.#onDropped = onDropped;
  }

  /**
   * Something has no counterpart: throws PublicError with its name, unless it may be dropped. `param` is its place;
   * `field` is its name in the table, if that differs; `said` is what the caller wrote there, as text of any length.
   */
  lose(param: string, field = param, said = ""): void {
    if (this.#drops.includes("*") || this.#drops.includes(field) || this.#drops.includes(param)) {
      this.#onDropped(field);
      return;
    }
    const value = said === "" ? "" : ` (${JSON.stringify(said.slice(0, SAID_CHARS_MAX))})`;
    const other = this.#direction === "chat>messages" ? "Anthropic's messages" : "OpenAI's chat completions";
    throw new PublicError(
      "field_not_translatable",
      `The requested model is served by ${other}, which has no counterpart for ${JSON.stringify(param)}${value}. Leave it out, or allow it to be dropped with the header ${DROP_HEADER}: ${field}`,
      { param },
    );
  }

  /** Members of an object that are unknown here and say something. */
  loseOthers(
    value: Readonly<Record<string, unknown>>,
    known: ReadonlySet<string>,
    at: { path: string; field: string },
  ): void {
    for (const [name, one] of Object.entries(value)) {
      if (!known.has(name) && !saysNothing(one)) this.lose(`${at.path}.${name}`, `${at.field}.${name}`);
    }
  }

  /** A body without the members that its caller wants dropped in any case, even those that could be carried. */
  without(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const isKept = (name: string) => {
      if (!this.#drops.includes(name)) return true;
      this.#onDropped(name);
      return false;
    };
    const kept = Object.entries(body).filter(([name]) => isKept(name));
    return Object.fromEntries(
      kept.map(([name, value]) => {
        const inner = isObject(value) ? Object.entries(value) : [];
        const rest = inner.filter(([member]) => isKept(`${name}.${member}`));
        return [name, isObject(value) && rest.length < inner.length ? Object.fromEntries(rest) : value];
      }),
    );
  }

  /** Checks the top of a body for members that the table refuses or does not know. */
  checkTop(
    body: Readonly<Record<string, unknown>>,
    isNothing: Readonly<Record<string, (value: unknown) => boolean>>,
  ): void {
    const carried = KNOWN[this.#direction];
    for (const [name, value] of Object.entries(body)) {
      if (!carried.has(name) && own(isNothing, name)?.(value) !== true && value !== null) this.lose(name);
    }
  }
}

/** null, empty and false values: absence means the same. */
export function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "") return true;
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

const known = (direction: Direction): ReadonlySet<string> =>
  new Set(
    FIELDS.filter((row) => row.direction === direction && row.what !== "refused").map(
      ({ field }) => field.split(/[.[]/)[0] ?? field,
    ),
  );
const KNOWN: Readonly<Record<Direction, ReadonlySet<string>>> = {
  "chat>messages": known("chat>messages"),
  "messages>chat": known("messages>chat"),
};
