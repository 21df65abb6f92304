import { LEVEL_PARTS, LEVEL_WHOLE_FROM } from "@/lib/limits/decide";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import type { Script } from "@/lib/redis/script";
import { CALL_CHARS } from "../../keys";
import type { Shape, SlotShape } from "../layout";
import { LAYERS } from "./layers.lua";
import { CORRECTED, FORM, KEPT, SLOTS, UNTOUCHED } from "./slots.lua";

/** How a settlement ends: the call is one of the finished ones, its reservation and its note are gone. */
export const FINISHED = `redis.call('SADD', KEYS[#KEYS], string.sub(KEYS[1], -${CALL_CHARS}))
redis.call('PEXPIRE', KEYS[#KEYS], ARGV[7])
redis.call('DEL', KEYS[1], KEYS[2])
return 'S'`;

export type ForShape = (shape: Shape) => Script;

/** Lua has 200 named values in one function; so many are left for a shape's own. */
const NAMES_MAX = 142;
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
 * The common admission written out for one shape: every counter is there, in order, without debt, and the first plan
 * fits. Neither loops nor tables, so it takes half of what the general way takes. Whatever is not so leaves the block
 * before anything is written, and the general way behind it decides from the start. Same operations in the same order as
 * there. Stands where `vals`, `struck` and `now` are known; brings the functions of `SLOTS` along.
 */
export function straightAdmit(shape: Shape): string {
  if (!isStraight(shape)) return `${LAYERS}${SLOTS}`;
  const { slots, S, policy, leases } = named(shape);
  const counted = leases.map(
    ({ n, cap }) => `
  local n${n} = call('ZCOUNT', KEYS[${5 + S + n}], after, '+inf')
  if v${n} > 0 then
    if n${n} + v${n} > ${cap} then break end
  elseif v${n} ~= 0 then break end`,
  );
  // Rounded up to parts of a unit, or to units, without calling for it.
  const rounded = slots.map(
    ({ n, cap }) => `
  if ${cap} < ${LEVEL_WHOLE_FROM} then part = l${n} * ${LEVEL_PARTS} else part = l${n} end
  l${n} = part - part % 1
  if l${n} ~= part then l${n} = l${n} + 1 end`,
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
  const rests = slots.filter(({ algorithm }) => algorithm === "sliding_window").map(({ n }) => `e${n}`);
  const form = [shown, ...(rests.length === 0 ? [] : [[], rests])]
    .map((list) => list.map(() => "%d").join(":"))
    .join(";");
  return inOrder(
    shape,
    `
repeat
  if struck or not vals[2] then break end
  local call, format, raw = redis.call, string.format
  local id, pos, part, keep, last, b
  local ${costs} = unpack(cjson.decode('[' .. ARGV[9] .. ']'))${read(shape, 2)}
  ${policy("vals[2]")}${slots.map(fitOf).join("")}
  local after = format('(%d', now)${counted.join("")}${rounded.join("")}${write(shape, (n) => `w${n} > 0`, 4, "g")}
  local lease = ARGV[5] + 0
  local dead, minute = format('%d', now + lease), floor(now / 1000) % 60 == 0${hold.join("")}
  call('ZADD', KEYS[${5 + S}], dead, ARGV[2])
  local reply = format('A,%d,1,${form}', now, ${[...shown, ...rests].join(", ")})
  call('SET', KEYS[2], reply .. '|' .. ARGV[10], 'PX', '86400000')
  return reply
until true
`,
    SLOTS,
  );
}

/** Level l of a slot at now, and the slot with its cost taken; leaves when it does not fit. */
function fitOf(slot: NamedSlot): string {
  const { n, al, cap, x, y, z, bottom } = slot;
  if (!slot.isToken) {
    const isSliding = slot.algorithm === "sliding_window";
    return `
  local l${n} = levelOf(${al}, true, a${n}, 0, c${n}, t${n}, ${cap}, ${x}, ${y}, ${z}, 0, now)${isSliding ? `\n  local e${n} = math.max(0, rest(2, a${n}, c${n}, t${n}, ${x}, ${y}, ${z}, now))` : ""}
  if w${n} > 0 then
    if not fits(${al}, l${n}, ${cap}, w${n}) then break end
    a${n}, b, c${n}, t${n} = advance(${al}, true, a${n}, 0, c${n}, t${n}, ${x}, ${y}, ${z}, now)
    a${n}, b, c${n}, t${n} = taken(${al}, a${n}, 0, c${n}, t${n}, ${cap}, ${z}, w${n})
  elseif w${n} ~= 0 then break end`;
  }
  // A bucket at its bottom needs no layer for its older calls: they have nothing to give back.
  return `
  local l${n}, g${n} = a${n}, ''
  if a${n} > ${cap} then break end
  if w${n} > 0 then
    part = 0
    if now > c${n} then
      part = ((now - c${n}) * ${x}) / ${y}
      l${n} = a${n} - part
      if l${n} <= ${bottom} then l${n}, k${n} = ${bottom}, 0 end
      c${n} = now
    end
    if l${n} > ${cap} - w${n} then break end
    t${n}, g${n}, k${n} = charged(r${slot.subject + 1}, p${n}, k${n}, part, c${n}, l${n}, w${n}, ${bottom})
    a${n} = l${n} + w${n}
  elseif w${n} ~= 0 then break
  else
    if now > c${n} then l${n} = a${n} - ((now - c${n}) * ${x}) / ${y} end
    if l${n} < ${bottom} then l${n} = ${bottom} end
    t${n} = sub(r${slot.subject + 1}, p${n}, p${n} + k${n} - 1)
  end`;
}

/** The common settlement, in the same manner: every counter is there, in order. Needs `vals`, `now` and `reservedAt`. */
export function straightSettle(shape: Shape): string {
  if (!isStraight(shape)) return `${LAYERS}${SLOTS}${CORRECTED}`;
  const { slots, S, policy, leases } = named(shape);
  return inOrder(
    shape,
    `
repeat
  if not vals[3] then break end
  local call, format, raw = redis.call, string.format
  local id, pos, part, keep, last, b
  local ${slots.map(({ n }) => `d${n}`).join(", ")} = unpack(cjson.decode('[' .. ARGV[5] .. ']'))${read(shape, 3)}
  ${policy("vals[3]")}${slots.map(endOf).join("")}${write(shape, isMoved(slots), 3)}
  call('ZREM', KEYS[${4 + S}], ARGV[2])${leases.map(({ n }) => `\n  call('ZREM', KEYS[${4 + S + n}], ARGV[2])`).join("")}
  ${FINISHED}
until true
`,
    `${SLOTS}`,
    CORRECTED,
  );
}

/** Whether a settlement changes slot n: buckets whenever the call is in it, others when it used more or less. */
function isMoved(slots: readonly NamedSlot[]): (n: number) => string {
  const touched = (n: number) => `d${n} < ${UNTOUCHED}`;
  return (n) => (slots[n - 1]?.isToken === true ? touched(n) : `(${touched(n)} and d${n} ~= 0)`);
}

function endOf(slot: NamedSlot): string {
  const { n, al, cap, x, y, z, bottom } = slot;
  if (!slot.isToken) {
    return `
  if d${n} < ${UNTOUCHED} and d${n} ~= 0 then
    a${n}, b, c${n}, t${n} = advance(${al}, true, a${n}, 0, c${n}, t${n}, ${x}, ${y}, ${z}, now)
    a${n}, b, c${n}, t${n} = corrected(${al}, a${n}, 0, c${n}, t${n}, d${n}, ${cap}, ${x}, ${y}, ${z}, reservedAt)
  end`;
  }
  return `
  if d${n} < ${UNTOUCHED} then
    part, last = 0, a${n}
    if now > c${n} then
      part = ((now - c${n}) * ${x}) / ${y}
      last = a${n} - part
      if last > ${bottom} then a${n} = last else a${n} = ${bottom} end
      c${n} = now
    end
    part, t${n} = ended(r${slot.subject + 1}, p${n}, k${n}, last, part, reservedAt, d${n}, ${bottom}, c${n})
    a${n} = a${n} + part
    if d${n} > 0 and a${n} > ${cap} then break end
    k${n} = #t${n}
  else t${n} = sub(r${slot.subject + 1}, p${n}, p${n} + k${n} - 1) end`;
}

function isStraight(shape: Shape): boolean {
  return (
    shape.subjects.length > 0 &&
    shape.subjects.flat().every(({ algorithm }) => algorithm !== "leaky_bucket") &&
    namesOf(shape) <= NAMES_MAX
  );
}

/** Values by name: eight and the numbers of the policy for a slot, three for a lease. */
function namesOf(shape: Shape): number {
  return 3 * shape.leases + shape.subjects.flat().reduce((sum, slot) => sum + 8 + numbersOf(slot), 0);
}

function numbersOf({ algorithm, saves }: SlotShape): number {
  return algorithm === "token_bucket" && !saves ? 3 : 4;
}

function isPlain(shape: Shape): boolean {
  return shape.subjects.flat().every(({ algorithm }) => algorithm === "token_bucket");
}

/** Token buckets alone need their layers only, and making the other functions costs as much as an admission's arithmetic. */
function inOrder(shape: Shape, text: string, functions: string, first = ""): string {
  return isPlain(shape) ? `${LAYERS}${first}${text}${functions}` : `${LAYERS}${functions}${first}${text}`;
}

type NamedSlot = SlotShape & {
  /**
   * place among all slots, from 1; names a slot's values: a, c stored; p and k where its layers stand and their bytes,
   * later p what stands before them; t layers that stay, g those on top; w cost, l level, d correction
   */
  readonly n: number;
  readonly subject: number;
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

/** The shape with every value's name, and the line that reads the policy's numbers into theirs. */
function named(shape: Shape) {
  const S = shape.subjects.length;
  const flat = shape.subjects.flatMap((slots, subject) => slots.map((slot) => ({ ...slot, subject })));
  const slots = flat.map((slot, index): NamedSlot => {
    const n = index + 1;
    const isToken = slot.algorithm === "token_bucket";
    // Written in only where something can be saved up; elsewhere it is nought.
    const z = isToken && !slot.saves ? "0" : `z${n}`;
    const bottom = isToken && slot.saves ? `(0 - ${z})` : "0";
    const at = { cap: `m${n}`, x: `x${n}`, y: `y${n}`, z, bottom };
    return { ...slot, n, al: ALGORITHMS.indexOf(slot.algorithm), isToken, ...at };
  });
  const leases = Array.from({ length: shape.leases }, (_, index) => ({ n: index + 1, cap: `q${index + 1}` }));
  const skipped = (numbers: number) => "x".repeat(8 * numbers);
  const format = [
    skipped(S),
    // Of a slot's seven numbers the id, the algorithm and whether it observes are known from the shape.
    ...slots.map(({ z }) => `${skipped(2)}ddd${z === "0" ? skipped(2) : `d${skipped(1)}`}`),
    ...leases.map(() => `d${skipped(1)}`),
  ].join("");
  const names = [
    ...slots.flatMap(({ cap, x, y, z }) => (z === "0" ? [cap, x, y] : [cap, x, y, z])),
    ...leases.map(({ cap }) => cap),
  ];
  const policy = (blob: string) => `local ${names.join(", ")} = unpackd('<${format}', ${blob})`;
  return { slots, S, policy, leases };
}

function bySubject(shape: Shape): NamedSlot[][] {
  const { slots } = named(shape);
  return shape.subjects.map((_, subject) => slots.filter((slot) => slot.subject === subject));
}

/** Each subject's slots by name; leaves when one is missing, out of order, in debt, or kept for another policy. */
function read(shape: Shape, before: number): string {
  return bySubject(shape)
    .map(
      (slots, subject) => `
  local r${subject + 1} = vals[${before + 1 + subject}]
  if not r${subject + 1} then break end
  pos = 1${slots.map(slotRead).join("")}
  if pos <= #r${subject + 1} then break end`,
    )
    .join("");
}

function slotRead(slot: NamedSlot): string {
  const { n, id } = slot;
  const raw = `r${slot.subject + 1}`;
  if (!slot.isToken) {
    return `
  if pos > #${raw} then break end
  local a${n}, c${n}, t${n}
  id, a${n}, b, c${n}, t${n}, pos = slotAt(${raw}, pos)
  if id ~= ${id} then break end`;
  }
  return `
  if pos > #${raw} then break end
  local t${n}, k${n}, a${n}, c${n}, p${n} = '', 0
  id, a${n}, c${n}, p${n} = unpackd('<I3dd', ${raw}, pos)
  if id == ${id + FORM} then k${n} = 20
  elseif id == ${id + 2 * FORM} then
    b, k${n}, p${n} = unpackd('<dB', ${raw}, p${n})
    if b ~= 0 then break end
    k${n} = 20 * k${n}
  elseif id ~= ${id} then break end
  pos = p${n} + k${n}`;
}

/** Stores each subject of which something changes, for as long as something of it is left. */
function write(shape: Shape, changed: (n: number) => string, before: number, tail: "g" | null = null): string {
  return bySubject(shape)
    .map(
      (slots, subject) => `
  if ${slots.map(({ n }) => changed(n)).join(" or ")} then
    keep = 1${slots.map(slotKept).join("")}
    if keep > ${KEPT.maxMs} then keep = ${KEPT.maxMs} end
    raw = ${slots.map((slot) => slotText(slot, tail)).join(" .. ")}
    call('SET', KEYS[${before + 1 + subject}], raw, 'PX', format('%d', math.ceil(keep) + ${KEPT.marginMs}))
  end`,
    )
    .join("");
}

/** Raises `keep`, and packs what stands before a bucket's layers into h. */
function slotKept(slot: NamedSlot): string {
  const { n, id, al, x, y, z, saves } = slot;
  if (!slot.isToken) {
    return `
    last = keptMs(${al}, a${n}, c${n}, t${n}, ${x}, ${y}, ${z}, now)
    if last > keep then keep = last end`;
  }
  const rest = `(a${n} * ${y}) / ${x} + (c${n} - now)`;
  return `
    last = ${saves ? `math.max(${rest}, 0) + ${KEPT.creditMs}` : rest}
    if k${n} > 0 then
      if last < ${KEPT.openMs} then last = ${KEPT.openMs} end
      if k${n} == 20 then p${n} = pack('<I3dd', ${id + FORM}, a${n}, c${n})
      else p${n} = pack('<I3dddB', ${id + 2 * FORM}, a${n}, c${n}, 0, k${n} / 20) end
    else p${n} = pack('<I3dd', ${id}, a${n}, c${n}) end
    if last > keep then keep = last end`;
}

function slotText({ n, id, al, isToken }: NamedSlot, tail: "g" | null): string {
  if (!isToken) return `slotOf(${al}, ${id}, a${n}, 0, c${n}, t${n})`;
  return tail === null ? `p${n} .. t${n}` : `p${n} .. t${n} .. ${tail}${n}`;
}

function nameOf(shape: Shape): string {
  const subjects = shape.subjects.map((slots) =>
    slots.map(({ id, algorithm, saves }) => `${id}${algorithm}${saves ? "+" : ""}`).join(","),
  );
  return `${subjects.join(";")}|${shape.leases}`;
}
