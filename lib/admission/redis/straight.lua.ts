import { ALGORITHMS } from "@/lib/limits/rule";
import type { Script } from "@/lib/redis/script";
import type { Shape, SlotShape } from "./layout";
import { CORRECTED, KEPT, SLOTS } from "./slots.lua";

export type ForShape = (shape: Shape) => Script;

/** Lua has 200 named values in one function; so many are left beside those of the script around, with `SLOTS` or without. */
const NAMES_MAX = { withSlots: 140, alone: 160 };
/** How many shapes have a script of their own at once: what an operator configures gives a handful. */
const SCRIPTS_MAX = 256;

/** A script for each shape, made when it is first asked for. Shapes that are too large share the general one. */
export function perShape(make: ForShape): ForShape {
  const general = make({ subjects: [], leases: 0 });
  const made = new Map<string, Script>();
  return (shape) => {
    if (!isStraight(shape)) return general;
    const name = nameOf(shape);
    const known = made.get(name);
    if (known !== undefined) return known;
    if (made.size >= SCRIPTS_MAX) made.clear();
    const script = make(shape);
    made.set(name, script);
    return script;
  };
}

/**
 * The common admission written out for one shape: every counter is there, in order, and the first plan fits. Neither
 * loops nor tables, so it takes a third of what the general way takes. Whatever is not so leaves the block before
 * anything is written, and the general way behind it decides from the start. Same operations in the same order as
 * there. Stands where `vals`, `struck` and `now` are known; brings the functions of `SLOTS` along.
 */
export function straightAdmit(shape: Shape): string {
  if (!isStraight(shape)) return SLOTS;
  const { slots, S, Q, leases } = laid(shape);
  const fit = slots.map((slot) => {
    const { n, cap, z } = slot;
    const otherwise = `elseif w${n} ~= 0 then break end`;
    if (slot.algorithm === "token_bucket") {
      return `
  local l${n} = a${n}
  if now > c${n} then
    ${flowBack(slot, `l${n}`)}
    if l${n} < 0 - ${z} then l${n} = 0 - ${z} end
    if w${n} > 0 then c${n} = now end
  end
  if w${n} > 0 then
    if l${n} > ${cap} - w${n} then break end
    a${n} = l${n} + w${n}
  ${otherwise}`;
    }
    return `
  local l${n}, t${n}, u${n} = advance(${argsOf(slot)}, now)
  if w${n} > 0 then
    if not fits(${slot.al}, l${n}, t${n}, u${n}, ${slot.y}, ${cap}, w${n}, now) then break end
    a${n}, c${n} = l${n} + w${n}, u${n}${slot.isSliding ? `\n    b${n} = t${n}` : ""}
  ${otherwise}${slot.isSliding ? `\n  l${n} = used(2, l${n}, t${n}, u${n}, ${slot.y}, now)` : ""}`;
  });
  const counted = leases.map(
    ({ n, cap }) => `
  local n${n} = call('ZCOUNT', KEYS[${5 + S + n}], after, '+inf')
  if v${n} > 0 then
    if n${n} + v${n} > ${cap} then break end
  elseif v${n} ~= 0 then break end`,
  );
  const whole = slots.map(
    ({ n }) => `
  part = l${n} % 1
  if part ~= 0 then l${n} = l${n} - part + 1 end`,
  );
  const hold = leases.map(
    ({ n }) => `
  if v${n} > 0 then
    call('ZADD', KEYS[${5 + S + n}], dead, ARGV[2])
    if n${n} == 0 or minute then call('PEXPIRE', KEYS[${5 + S + n}], 86400000 + lease) end
  end`,
  );
  const costs = [...slots.map(({ n }) => `w${n}`), ...leases.map(({ n }) => `v${n}`)].join(", ");
  const shown = [...slots.map(({ n }) => `l${n}`), ...leases.map(({ n }) => `n${n}`)];
  return inOrder(
    shape,
    `
repeat
  if struck or not vals[2] then break end
  local call, pack, unpackd, format, raw = redis.call, struct.pack, struct.unpack, string.format
  local ${costs} = unpack(cjson.decode('[' .. ARGV[9] .. ']'))${read(shape, 2)}
  ${Q("vals[2]")}${fit.join("")}
  local after = format('(%d', now)${counted.join("")}
  local part, keep, last${whole.join("")}${write(shape, "w", 4)}
  local lease = ARGV[5] + 0
  local dead, minute = format('%d', now + lease), floor(now / 1000) % 60 == 0${hold.join("")}
  call('ZADD', KEYS[${5 + S}], dead, ARGV[2])
  local reply = format('A,%d,1,${shown.map(() => "%d").join(":")}', now, ${shown.join(", ")})
  call('SET', KEYS[2], reply .. '|' .. ARGV[10], 'PX', '86400000')
  return reply
until true
`,
    SLOTS,
  );
}

/** The common settlement, in the same manner: every counter is there, in order. Needs `vals`, `now` and `reservedAt`. */
export function straightSettle(shape: Shape): string {
  if (!isStraight(shape)) return `${SLOTS}${CORRECTED}`;
  const { slots, S, Q, leases } = laid(shape);
  const moved = slots.map((slot) => {
    const { n, z } = slot;
    if (slot.algorithm === "token_bucket") {
      return `
  if d${n} ~= 0 then
    if now > c${n} then
      ${flowBack(slot, `a${n}`)}
      if a${n} < 0 - ${z} then a${n} = 0 - ${z} end
      c${n} = now
    end
    a${n} = a${n} + d${n}
    if a${n} < 0 - ${z} then a${n} = 0 - ${z} end
  end`;
    }
    const three = slot.isSliding ? `a${n}, b${n}, c${n}` : `a${n}, last, c${n}`;
    return `
  if d${n} ~= 0 then
    ${three} = advance(${argsOf(slot)}, now)
    ${three} = corrected(${slot.al}, a${n}, ${slot.isSliding ? `b${n}` : "0"}, c${n}, d${n}, ${slot.x}, ${slot.y}, ${z}, reservedAt)
  end`;
  });
  return inOrder(
    shape,
    `
repeat
  if not vals[3] then break end
  local call, pack, unpackd, format, raw = redis.call, struct.pack, struct.unpack, string.format
  local keep, last
  local ${slots.map(({ n }) => `d${n}`).join(", ")} = unpack(cjson.decode('[' .. ARGV[5] .. ']'))${read(shape, 3)}
  ${Q("vals[3]")}${moved.join("")}${write(shape, "d", 3)}
  call('ZREM', KEYS[${4 + S}], ARGV[2])${leases.map(({ n }) => `\n  call('ZREM', KEYS[${4 + S + n}], ARGV[2])`).join("")}
  call('SET', KEYS[1], 'S', 'PX', ARGV[7])
  call('DEL', KEYS[2])
  return 'S'
until true
`,
    `${SLOTS}${CORRECTED}`,
  );
}

function isStraight(shape: Shape): boolean {
  return shape.subjects.length > 0 && namesOf(shape) <= NAMES_MAX.withSlots;
}

/** Values by name in the admission's block, which has more of them than the settlement's. */
function namesOf(shape: Shape): number {
  const each = ({ algorithm }: SlotShape) =>
    algorithm === "token_bucket" ? 5 : algorithm === "sliding_window" ? 8 : 7;
  return shape.subjects.flat().reduce((sum, slot) => sum + each(slot), 2 * shape.leases);
}

function isPlain(shape: Shape): boolean {
  return shape.subjects.flat().every(({ algorithm }) => algorithm === "token_bucket");
}

/** Token buckets alone need none of the functions, and making those costs as much as an admission's arithmetic. */
function inOrder(shape: Shape, text: string, functions: string): string {
  return isPlain(shape) ? `${text}${functions}` : `${functions}${text}`;
}

type LaidSlot = SlotShape & {
  /** place among all slots, from 1; names a slot's values: a, b, c stored, w cost, l level, d correction */
  readonly n: number;
  readonly subject: number;
  readonly al: number;
  readonly isSliding: boolean;
  /** where the policy's numbers stand */
  readonly cap: string;
  readonly x: string;
  readonly y: string;
  readonly z: string;
};

/** The shape with every value's name, and the line that reads the policy: by name where there is room, else a table. */
function laid(shape: Shape) {
  const S = shape.subjects.length;
  const flat = shape.subjects.flatMap((slots, subject) => slots.map((slot) => ({ ...slot, subject })));
  const count = S + 7 * flat.length + 2 * shape.leases;
  const isNamed = isPlain(shape) && count + namesOf(shape) <= NAMES_MAX.alone;
  const at = (index: number) => (isNamed ? `q${index}` : `Q[${index}]`);
  const slots = flat.map((slot, index): LaidSlot => {
    const q = S + 7 * index;
    return {
      ...slot,
      n: index + 1,
      al: ALGORITHMS.indexOf(slot.algorithm),
      isSliding: slot.algorithm === "sliding_window",
      cap: at(q + 3),
      x: at(q + 4),
      y: at(q + 5),
      // Written in only where something can be saved up; elsewhere it is nought.
      z: slot.algorithm !== "token_bucket" || slot.saves ? at(q + 6) : "0",
    };
  });
  const leases = Array.from({ length: shape.leases }, (_, index) => ({
    n: index + 1,
    cap: at(S + 7 * flat.length + 2 * index + 1),
  }));
  const format = `'<${"d".repeat(count)}'`;
  const names = Array.from({ length: count }, (_, index) => `q${index + 1}`).join(", ");
  const Q = (blob: string) =>
    isNamed ? `local ${names} = unpackd(${format}, ${blob})` : `local Q = { unpackd(${format}, ${blob}) }`;
  return { slots, S, Q, leases };
}

const packingOf = (slots: readonly LaidSlot[]) => slots.map(({ isSliding }) => (isSliding ? "I3ddd" : "I3dd")).join("");
const valuesOf = (slots: readonly LaidSlot[]) =>
  slots.map(({ n, isSliding }) => (isSliding ? `i${n}, a${n}, b${n}, c${n}` : `i${n}, a${n}, c${n}`)).join(", ");
const bytesOf = (slots: readonly LaidSlot[]) => slots.reduce((sum, { isSliding }) => sum + (isSliding ? 27 : 19), 0);

/** What flows back since it was counted; the caller clamps it. */
function flowBack({ n, x, y }: LaidSlot, level: string): string {
  return `${level} = a${n} - ((now - c${n}) * ${x}) / ${y}`;
}

function argsOf({ n, al, isSliding, x, y, z }: LaidSlot): string {
  return `${al}, true, a${n}, ${isSliding ? `b${n}` : "0"}, c${n}, ${x}, ${y}, ${z}`;
}

function bySubject(shape: Shape): LaidSlot[][] {
  const { slots } = laid(shape);
  return shape.subjects.map((_, subject) => slots.filter((slot) => slot.subject === subject));
}

/** Each subject's slots by name; leaves when one is missing, out of order, or kept for another policy. */
function read(shape: Shape, before: number): string {
  return bySubject(shape)
    .map(
      (slots, subject) => `
  raw = vals[${before + 1 + subject}]
  if not raw or #raw ~= ${bytesOf(slots)} then break end
  local ${valuesOf(slots)} = unpackd('<${packingOf(slots)}', raw)
  if ${slots.map(({ n, id }) => `i${n} ~= ${id}`).join(" or ")} then break end`,
    )
    .join("");
}

/** Stores each subject of which something changes, for as long as something of it is left. */
function write(shape: Shape, changed: string, before: number): string {
  const differs = changed === "w" ? "> 0" : "~= 0";
  return bySubject(shape)
    .map((slots, subject) => {
      const keep = slots.map((slot) => {
        const { n, x, y } = slot;
        const bucket = `(a${n} * ${y}) / ${x} + (c${n} - now)`;
        const left =
          slot.algorithm === "token_bucket"
            ? slot.saves
              ? `math.max(${bucket}, 0) + ${KEPT.creditMs}`
              : bucket
            : `rest(${slot.al}, a${n}, ${slot.isSliding ? `b${n}` : "0"}, c${n}, ${x}, ${y}, ${slot.z}, now)`;
        return `\n    last = ${left}\n    if last > keep then keep = last end`;
      });
      return `
  if ${slots.map(({ n }) => `${changed}${n} ${differs}`).join(" or ")} then
    keep = 1${keep.join("")}
    raw = pack('<${packingOf(slots)}', ${valuesOf(slots)})
    call('SET', KEYS[${before + 1 + subject}], raw, 'PX', format('%d', math.ceil(keep) + ${KEPT.marginMs}))
  end`;
    })
    .join("");
}

function nameOf(shape: Shape): string {
  const subjects = shape.subjects.map((slots) =>
    slots.map(({ id, algorithm, saves }) => `${id}${algorithm}${saves ? "+" : ""}`).join(","),
  );
  return `${subjects.join(";")}|${shape.leases}`;
}
