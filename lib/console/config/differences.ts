import { isDeepStrictEqual } from "node:util";
import { own } from "@/lib/money/own";

/** Members that a file may name in part. Unnamed parts stay unchanged. */
const PARTIAL = new Set(["laterPrices"]);
const SHOWN_CHARS_MAX = 160;

type State = Readonly<Record<string, unknown>>;
/** Which of the two states is the file's. Members absent from the file stay unchanged. */
type FileSide = "before" | "after";

/**
 * The differences between two states of an object, one line per value, for people. At the top level only members in the
 * file are compared.
 */
export function differences(before: State, after: State, file: FileSide = "after"): string[] {
  const names = Object.keys(file === "after" ? after : before);
  return names.flatMap((name) => between({ path: name, file }, own(before, name), own(after, name)));
}

type Place = { readonly path: string; readonly file: FileSide };

function between({ path, file }: Place, before: unknown, after: unknown): string[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isNamedList(before) && isNamedList(after)) return betweenLists({ path, file }, before, after);
  if (!isPlain(before) || !isPlain(after)) return [`${path}: ${shown(path, before)} → ${shown(path, after)}`];
  const inFile = Object.keys(file === "after" ? after : before);
  const names = PARTIAL.has(path) ? inFile : [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => between({ path: `${path}.${name}`, file }, own(before, name), own(after, name)));
}

/** Compares lists of limits by name and by order, because a refusal names the first limit that refuses. */
function betweenLists({ path, file }: Place, before: readonly Named[], after: readonly Named[]): string[] {
  const known = new Map(before.map((one) => [one.name, one]));
  const wanted = new Set(after.map((one) => one.name));
  const lines = after.flatMap((one) => {
    const old = known.get(one.name);
    if (old === undefined) return [`${path}: new ${one.name} (${summary(one)})`];
    const names = [...new Set([...Object.keys(old), ...Object.keys(one)])];
    return names.flatMap((name) => between({ path: `${one.name}.${name}`, file }, own(old, name), own(one, name)));
  });
  const gone = before.filter((one) => !wanted.has(one.name)).map((one) => `${path}: ${one.name} removed`);
  const all = [...lines, ...gone];
  return all.length > 0 ? all : [`${path}: new order: ${after.map((one) => one.name).join(", ")}`];
}

type Named = State & { readonly name: string };

function isNamedList(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.every((one) => isPlain(one) && typeof one.name === "string");
}

function isPlain(value: unknown): value is State {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function summary(one: Named): string {
  const { name: _name, ...rest } = one;
  const said = Object.entries(rest).filter(([, value]) => value !== null && !isDeepStrictEqual(value, {}));
  return said.map(([name, value]) => `${name} ${shown(name, value)}`).join(", ");
}

const MICRO_USD = 1_000_000;

/** A value on one line; money in dollars as well. */
function shown(path: string, value: unknown): string {
  if (value === undefined || value === null) return "none";
  if (typeof value === "string") return clipped(value);
  if (typeof value === "number" && path.endsWith("MicroUsd")) return `${value} ($${value / MICRO_USD})`;
  if (Array.isArray(value)) return value.length === 0 ? "none" : clipped(value.map((one) => shown("", one)).join(", "));
  if (isPlain(value)) return clipped(summary({ name: "", ...value }));
  return String(value);
}

function clipped(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX - 1)}…`;
}
