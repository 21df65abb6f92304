import { ALGORITHMS } from "@/lib/limits/rules/rule";
import type { Script } from "@/lib/redis/script";
import type { Shape, SlotShape } from "../layout";

export type ForShape = (shape: Shape) => Script;

/** Lua allows 200 named values in one function; this many are left for a shape's own. */
const NAMES_MAX = 140;
/** The most shapes with their own script at once: operators' settings give a handful. */
const SCRIPTS_MAX = 256;

/** A script for each shape, made at its first use. Shapes that are too large share the general one. */
export function perShape(make: ForShape): ForShape {
  const general = make({ subjects: [], leases: 0, groups: [] });
  const made = new Map<string, Script>();
  const found = new WeakMap<Shape, Script>();
  const find = (shape: Shape): Script => {
    if (!isStraight(shape)) return general;
    const name = nameOf(shape);
    const known = made.get(name);
    if (known !== undefined) return known;
    if (made.size >= SCRIPTS_MAX) made.clear();
    const script = make(shape);
    made.set(name, script);
    return script;
  };
  // Calls of one policy share the same shape object, so its name is not built for each of them.
  return (shape) => {
    const known = found.get(shape);
    if (known !== undefined) return known;
    const script = find(shape);
    found.set(shape, script);
    return script;
  };
}

/** Whether a shape has its own script. Asked several times for each call, of the same few shapes. */
export function isStraight(shape: Shape): boolean {
  const known = STRAIGHT.get(shape);
  if (known !== undefined) return known;
  const is = fitsInNames(shape);
  STRAIGHT.set(shape, is);
  return is;
}

const STRAIGHT = new WeakMap<Shape, boolean>();

function fitsInNames(shape: Shape): boolean {
  return (
    shape.subjects.length > 0 &&
    shape.subjects.flat().every(({ algorithm }) => algorithm !== "leaky_bucket") &&
    namesOf(shape) <= NAMES_MAX
  );
}

/** Values by name: up to six and the numbers of the policy for a slot, three for a lease, two for a subject. */
function namesOf(shape: Shape): number {
  const ofSlots = shape.subjects.flat().reduce((sum, slot) => sum + (slot.isLayered ? 6 : 4) + numbersOf(slot), 0);
  return ofSlots + 2 * shape.subjects.length + 3 * shape.leases;
}

function numbersOf({ algorithm, saves }: SlotShape): number {
  return algorithm === "token_bucket" && !saves ? 3 : 4;
}

export type NamedSlot = SlotShape & {
  /** place among all slots, from 1; names a slot's values: l level, s, g, o its text to be stored */
  readonly n: number;
  /** the names of its subject's stored text, and of how long that is kept */
  readonly raw: string;
  readonly kept: string;
  /** the name of its cost or correction, which it may share with others */
  readonly cost: string;
  readonly al: number;
  readonly isToken: boolean;
  /** where the policy's numbers stand */
  readonly cap: string;
  readonly x: string;
  readonly y: string;
  readonly z: string;
  /** the lowest level of a bucket */
  readonly bottom: string;
};

/** The shape with every value's name, and the line that reads the policy's amounts into them. */
export function named(shape: Shape) {
  const S = shape.subjects.length;
  const flat = shape.subjects.flatMap((slots, subject) => slots.map((slot) => ({ ...slot, subject })));
  const slots = flat.map((slot, index): NamedSlot => {
    const n = index + 1;
    const isToken = slot.algorithm === "token_bucket";
    // Only written where credit can be saved; elsewhere it is 0.
    const z = isToken && !slot.saves ? "0" : `z${n}`;
    const bottom = isToken && slot.saves ? `(0 - ${z})` : "0";
    const at = { cap: `m${n}`, x: `x${n}`, y: `y${n}`, z, bottom };
    const own = {
      raw: rawsOf(shape)[slot.subject] ?? "",
      kept: `h${slot.subject + 1}`,
      cost: `w${(shape.groups[index] ?? index) + 1}`,
    };
    return { ...slot, ...own, n, al: ALGORITHMS.indexOf(slot.algorithm), isToken, ...at };
  });
  const leases = Array.from({ length: shape.leases }, (_, index) => {
    const position = slots.length + index;
    return { n: index + 1, cap: `q${index + 1}`, cost: `w${(shape.groups[position] ?? position) + 1}` };
  });
  const names = [
    ...slots.flatMap(({ cap, x, y, z }) => (z === "0" ? [cap, x, y] : [cap, x, y, z])),
    ...leases.map(({ cap }) => cap),
  ];
  const amounts = (blob: string) => `local ${names.join(", ")} = unpackd('<${"d".repeat(names.length)}', ${blob})`;
  return { slots, S, amounts, leases };
}

/**
 * The general script reads a policy's numbers from the sent text, or else from the store. A shape's own script has two
 * keys for them and reads only the amounts, as each byte of a text costs time in Lua.
 */
export function policyRead(shape: Shape, { key, stored, text }: { key: string; stored: string; text: string }): string {
  if (!isStraight(shape)) return `local Q = policyOf(${stored}, ${key}, ${text})`;
  const before = shape.subjects.length + 7 * slotsOf(shape) + 2 * shape.leases;
  return `local whole
if ${text} == '' then
  whole = redis.call('GET', KEYS[#KEYS - 1])
  if not whole then return 'N' end
end
local Q = policyOf(whole, KEYS[#KEYS - 1], ${text})
if not whole then
  redis.call('SET', ${key}, pack('<' .. string.rep('d', #Q - ${before}), unpack(Q, ${before + 1})), 'PX', 86400000)
end`;
}

/** The names of the subjects' stored texts. */
export function rawsOf({ subjects }: Shape): string[] {
  return subjects.map((_, subject) => `r${subject + 1}`);
}

export function bySubject(shape: Shape): NamedSlot[][] {
  const { slots } = named(shape);
  return shape.subjects.map((_, subject) => slots.filter(({ raw }) => raw === `r${subject + 1}`));
}

/** The names of all costs, in the order in which they are sent. */
export function groupsOf(shape: Shape): string[] {
  const { slots, leases } = named(shape);
  return [...new Set([...slots, ...leases].map(({ cost }) => cost))];
}

/** How many counters of a shape are slots. */
export function slotsOf(shape: Shape): number {
  return shape.subjects.flat().length;
}

/** In the general script each counter has its own cost: repeats each group's cost for all members of the group. */
export function spread(shape: Shape, list: string): string {
  if (shape.groups.length === 0) return "";
  const numbers = shape.groups.map((group) => group + 1);
  return `
do
  local all, each, most = {}, { ${numbers.join(", ")} }, ${Math.max(...numbers)}
  for from = 0, #${list} - 1, most do
    for _, number in ipairs(each) do all[#all + 1] = ${list}[from + number] end
  end
  ${list} = all
end`;
}

function nameOf(shape: Shape): string {
  const subjects = shape.subjects.map((slots) =>
    slots
      .map(({ id, algorithm, saves, isLayered }) => `${id}${algorithm}${saves ? "+" : ""}${isLayered ? "" : "-"}`)
      .join(","),
  );
  return `${subjects.join(";")}|${shape.leases}|${shape.groups.join(",")}`;
}
