import { ALGORITHMS } from "@/lib/limits/rule";
import type { Script } from "@/lib/redis/script";
import { LAYERS } from "./layers.lua";
import type { Shape, SlotShape } from "./layout";
import { CORRECTED, FORM, KEPT, SLOTS, UNTOUCHED } from "./slots.lua";

export type ForShape = (shape: Shape) => Script;

/** Lua has 200 named values in one function; so many are left for a shape's own. */
const NAMES_MAX = 130;
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
  local call, format, raw = redis.call, string.format
  local id, pos, part, keep, last, b
  local ${costs} = unpack(cjson.decode('[' .. ARGV[9] .. ']'))${read(shape, 2)}
  ${policy("vals[2]")}${slots.map(fitOf).join("")}
  local after = format('(%d', now)${counted.join("")}${whole.join("")}${write(shape, (n) => `w${n} > 0`, 4)}
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

/** Level l of a slot at now, and the slot with its cost taken; leaves when it does not fit. */
function fitOf(slot: NamedSlot): string {
  const { n, al, cap, x, y, z, bottom } = slot;
  if (!slot.isToken) {
    return `
  local l${n} = levelOf(${al}, true, a${n}, 0, c${n}, t${n}, ${cap}, ${x}, ${y}, ${z}, 0, now)
  if w${n} > 0 then
    if not fits(${al}, l${n}, ${cap}, w${n}) then break end
    a${n}, b, c${n}, t${n} = advance(${al}, true, a${n}, 0, c${n}, t${n}, ${x}, ${y}, ${z}, now)
    a${n}, b, c${n}, t${n} = taken(${al}, a${n}, 0, c${n}, t${n}, ${cap}, ${z}, w${n})
  elseif w${n} ~= 0 then break end`;
  }
  // A bucket at its floor needs no layer for its older calls: they have nothing to give back.
  return `
  local l${n} = a${n}
  if a${n} > ${cap} then break end
  part = 0
  if now > c${n} then
    part = ((now - c${n}) * ${x}) / ${y}
    l${n} = a${n} - part
    if l${n} < ${bottom} then l${n} = ${bottom} end
    if w${n} > 0 then c${n} = now end
  end
  if w${n} > 0 then
    if l${n} > ${cap} - w${n} then break end
    if t${n} == '' or l${n} <= ${bottom} then t${n} = pack('<dI4d', c${n}, 1, l${n} + w${n})
    else
      if part > 0 then t${n} = leaked(t${n}, l${n}, part) end
      t${n} = laid(t${n}, c${n}, l${n}, w${n}, ${bottom})
    end
    a${n} = l${n} + w${n}
  elseif w${n} ~= 0 then break end`;
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
  call('SET', KEYS[1], 'S', 'PX', ARGV[7])
  call('DEL', KEYS[2])
  return 'S'
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
    if now > c${n} then
      part = ((now - c${n}) * ${x}) / ${y}
      last = a${n} - part
      if last > ${bottom} then
        if t${n} ~= '' then t${n} = leaked(t${n}, last, part) end
        a${n} = last
      else
        if t${n} ~= '' then t${n} = drained(t${n}, ${bottom}, ${bottom} - last) end
        a${n} = ${bottom}
      end
      c${n} = now
    end
    part, t${n} = settled(t${n}, reservedAt, d${n}, ${bottom}, c${n})
    a${n} = a${n} + part
    if d${n} > 0 and a${n} > ${cap} then break end
  end`;
}

function isStraight(shape: Shape): boolean {
  return (
    shape.subjects.length > 0 &&
    shape.subjects.flat().every(({ algorithm }) => algorithm !== "leaky_bucket") &&
    namesOf(shape) <= NAMES_MAX
  );
}

/** Values by name: five and the numbers of the policy for a slot, three for a lease. */
function namesOf(shape: Shape): number {
  return 3 * shape.leases + shape.subjects.flat().reduce((sum, slot) => sum + 5 + numbersOf(slot), 0);
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
  /** place among all slots, from 1; names a slot's values: a, c, t stored, w cost, l level, d correction */
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
  const leases = Array.from({ length: shape.leases }, (_, index) => ({ n: index + 1, cap: `k${index + 1}` }));
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
  raw, pos = vals[${before + 1 + subject}], 1
  if not raw then break end${slots.map(slotRead).join("")}
  if pos <= #raw then break end`,
    )
    .join("");
}

function slotRead(slot: NamedSlot): string {
  const { n, id } = slot;
  if (!slot.isToken) {
    return `
  if pos > #raw then break end
  local a${n}, c${n}, t${n}
  id, a${n}, b, c${n}, t${n}, pos = slotAt(raw, pos)
  if id ~= ${id} then break end`;
  }
  return `
  if pos > #raw then break end
  local t${n}, a${n}, c${n} = ''
  id, a${n}, c${n}, pos = unpackd('<I3dd', raw, pos)
  if id == ${id + FORM} then t${n}, pos = sub(raw, pos, pos + 19), pos + 20
  elseif id == ${id + 2 * FORM} then
    b, part, pos = unpackd('<dB', raw, pos)
    if b ~= 0 then break end
    t${n}, pos = sub(raw, pos, pos + 20 * part - 1), pos + 20 * part
  elseif id ~= ${id} then break end`;
}

/** Stores each subject of which something changes, for as long as something of it is left. */
function write(shape: Shape, changed: (n: number) => string, before: number): string {
  return bySubject(shape)
    .map(
      (slots, subject) => `
  if ${slots.map(({ n }) => changed(n)).join(" or ")} then
    keep, raw = 1, ''${slots.map(slotWritten).join("")}
    if keep > ${KEPT.maxMs} then keep = ${KEPT.maxMs} end
    call('SET', KEYS[${before + 1 + subject}], raw, 'PX', format('%d', math.ceil(keep) + ${KEPT.marginMs}))
  end`,
    )
    .join("");
}

function slotWritten(slot: NamedSlot): string {
  const { n, id, al, x, y, z, saves } = slot;
  if (!slot.isToken) {
    return `
    last = keptMs(${al}, a${n}, c${n}, t${n}, ${x}, ${y}, ${z}, now)
    if last > keep then keep = last end
    raw = raw .. slotOf(${al}, ${id}, a${n}, 0, c${n}, t${n})`;
  }
  const rest = `(a${n} * ${y}) / ${x} + (c${n} - now)`;
  return `
    last = ${saves ? `math.max(${rest}, 0) + ${KEPT.creditMs}` : rest}
    if t${n} ~= '' then
      if last < ${KEPT.openMs} then last = ${KEPT.openMs} end
      if #t${n} == 20 then raw = raw .. pack('<I3dd', ${id + FORM}, a${n}, c${n}) .. t${n}
      else raw = raw .. pack('<I3dddB', ${id + 2 * FORM}, a${n}, c${n}, 0, #t${n} / 20) .. t${n} end
    else raw = raw .. pack('<I3dd', ${id}, a${n}, c${n}) end
    if last > keep then keep = last end`;
}

function nameOf(shape: Shape): string {
  const subjects = shape.subjects.map((slots) =>
    slots.map(({ id, algorithm, saves }) => `${id}${algorithm}${saves ? "+" : ""}`).join(","),
  );
  return `${subjects.join(";")}|${shape.leases}`;
}
