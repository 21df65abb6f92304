import { LAYERS_MAX } from "@/lib/limits/algorithms/layers";
import { LEVEL_PARTS, LEVEL_WHOLE_FROM } from "@/lib/limits/decide";
import { CALL_CHARS } from "../../keys";
import type { Shape } from "../layout";
import { FORM, LAYERS, LAYING, LEAKS, NEWEST, PACKING, SETTLED } from "./layers.lua";
import { bySubject, groupsOf, isStraight, type NamedSlot, named, rawsOf } from "./shape";
import { CORRECTED, KEPT, SLOTS, UNTOUCHED } from "./slots.lua";

/** How a settlement ends: the call joins the finished ones, its reservation and its note are deleted. */
export const FINISHED = `redis.call('SADD', KEYS[#KEYS], string.sub(KEYS[1], -${CALL_CHARS}))
redis.call('PEXPIRE', KEYS[#KEYS], ARGV[7])
redis.call('DEL', KEYS[1], KEYS[5 + S + L])
return 'S'`;

/**
 * Redis turns a time to live into a deadline and writes the command again, which costs as much as two slots. With the
 * server's clock the deadline is known here; with a caller's clock it is not.
 */
const DEADLINE = `local px, base = 'PXAT', now
  if not isServers then px, base = 'PX', 0 end`;

/**
 * The common admission written out for one shape: every counter is there, in order, without debt, and the first plan
 * fits. It has no loops and no tables, so it takes half the time of the general way. In any other case it leaves the
 * block before anything is written, and the general way decides from the start. Both do the same operations in the same
 * order. Placed where `struck`, `known`, the subjects' texts and `now` are known; includes the functions of `SLOTS`.
 */
export function straightAdmit(shape: Shape): string {
  if (!isStraight(shape)) return `${LAYERS}${SLOTS}`;
  const { slots, S, amounts, leases } = named(shape);
  const counted = leases.map(
    ({ n, cap, cost }) => `
  local n${n} = call('ZCOUNT', KEYS[${5 + S + n}], after, '+inf')
  if ${cost} > 0 then
    if n${n} + ${cost} > ${cap} then break end
  elseif ${cost} ~= 0 then break end`,
  );
  // Rounded up to parts of a unit, or to units, without calling for it.
  const rounded = slots.map(
    ({ n, cap }) => `
  if ${cap} < ${LEVEL_WHOLE_FROM} then part = l${n} * ${LEVEL_PARTS} else part = l${n} end
  l${n} = part - part % 1
  if l${n} ~= part then l${n} = l${n} + 1 end`,
  );
  const hold = leases.map(
    ({ n, cost }) => `
  if ${cost} > 0 then
    call('ZADD', KEYS[${5 + S + n}], dead, ARGV[2])
    if minute then call('PEXPIRE', KEYS[${5 + S + n}], 86400000 + lease) end
  end`,
  );
  const shown = [...slots.map(({ n }) => `l${n}`), ...leases.map(({ n }) => `n${n}`)];
  const rests = slots.filter(({ algorithm }) => algorithm === "sliding_window").map(({ n }) => `e${n}`);
  const form = [shown, ...(rests.length === 0 ? [] : [[], rests])]
    .map((list) => list.map(() => "%d").join(":"))
    .join(";");
  return inOrder(
    shape,
    `
repeat
  if struck or not known then break end
  local call, format, KEYS = redis.call, string.format, KEYS
  local id, part
  ${DEADLINE}
  local ${groupsOf(shape).join(", ")} = unpack(cjson.decode('[' .. ARGV[7] .. ']'))
  ${amounts("known")}${walk(shape, chargeOf)}
  local after = format('(%d', now)${counted.join("")}${rounded.join("")}${write(shape, ({ cost }) => `${cost} > 0`, 4)}
  local lease = ARGV[5] + 0
  local dead, minute = format('%d', now + lease), floor(now / 1000) % 60 == 0${hold.join("")}
  call('ZADD', KEYS[${5 + S}], dead, ARGV[2])
  local reply = format('A,%d,1,${form}', now, ${[...shown, ...rests].join(", ")})
  call('SET', KEYS[2], reply .. '|' .. ARGV[8], px, format('%d', base + 86400000))
  return reply
until true
`,
    NEWEST,
    `${LEAKS}${LAYING}${SLOTS}`,
  );
}

/** Level l of a slot at now, and its text s with the cost taken; leaves when it does not fit. */
function chargeOf(slot: NamedSlot): string {
  const { n, id, al, cap, x, y, z, bottom, raw, cost } = slot;
  if (!slot.isToken) {
    const isSliding = slot.algorithm === "sliding_window";
    return `${windowRead(slot)}
    l${n} = levelOf(${al}, true, a, 0, c, t, ${cap}, ${x}, ${y}, ${z}, 0, now)${isSliding ? `\n    e${n} = math.max(0, rest(2, a, c, t, ${x}, ${y}, ${z}, now))` : ""}
    if ${cost} > 0 then
      if not fits(${al}, l${n}, ${cap}, ${cost}) then break end
      a, b, c, t = advance(${al}, true, a, 0, c, t, ${x}, ${y}, ${z}, now)
      a, b, c, t = taken(${al}, a, 0, c, t, ${cap}, ${z}, ${cost})
    elseif ${cost} ~= 0 then break end${windowText(slot)}`;
  }
  if (!slot.isLayered) {
    return `${bucketRead(slot)}
    l${n} = a
    if a > ${cap} then break end
    if now > c then
      l${n} = a - ((now - c) * ${x}) / ${y}
      if l${n} < ${bottom} then l${n} = ${bottom} end
    end
    if ${cost} > 0 then
      if l${n} > ${cap} - ${cost} then break end
      if now > c then c = now end
      a = l${n} + ${cost}
      s${n} = pack('<I3dd', ${id}, a, c)
    elseif ${cost} ~= 0 then break
    else s${n} = sub(${raw}, from, pos - 1) end${bucketKept(slot)}`;
  }
  // A bucket at its bottom needs no layer for its older calls: they have nothing to give back.
  return `${bucketRead(slot)}
    l${n} = a
    if a > ${cap} then break end
    if ${cost} > 0 then
      if now > c then
        part = ((now - c) * ${x}) / ${y}
        l${n} = a - part
        if l${n} <= ${bottom} then l${n}, k = ${bottom}, 0
        elseif k > 0 then k, u, m, e = newest(${raw}, p, k, u, m, e, part, l${n}) end
        c = now
      end
      if l${n} > ${cap} - ${cost} then break end
      a = l${n} + ${cost}
      if k == 0 or (k == 1 and e <= ${bottom}) then
        k, s${n} = 1, pack('<I3dddI4d', ${id + FORM}, a, c, c, 1, a)
      elseif u >= c or m == 0 then
        if u >= c then m = m + 1 else u, m = c, 1 end
        if k == 1 then s${n} = pack('<I3dddI4d', ${id + FORM}, a, c, u, m, e + ${cost})
        else s${n}, g${n} = pack('<I3dddBdI4d', ${id + 2 * FORM}, a, c, 0, k, u, m, e + ${cost}), sub(${raw}, p, p + 20 * k - 21) end
      elseif k == 1 then
        k, s${n} = 2, pack('<I3dddBdI4ddI4d', ${id + 2 * FORM}, a, c, 0, 2, c, 1, ${cost}, u, m, e)
      elseif k < ${LAYERS_MAX} then
        s${n}, g${n} = pack('<I3dddBdI4d', ${id + 2 * FORM}, a, c, 0, k + 1, c, 1, ${cost}), sub(${raw}, p, p + 20 * k - 21)
        o${n} = pack('<dI4d', u, m, e)
      else break end
    elseif ${cost} ~= 0 then break
    else
      if now > c then l${n} = a - ((now - c) * ${x}) / ${y} end
      if l${n} < ${bottom} then l${n} = ${bottom} end
      s${n} = sub(${raw}, from, pos - 1)
    end${bucketKept(slot)}`;
}

/** The common settlement in the same way: every counter is there, in order. Needs `vals`, `now`, `reservedAt`, `changed`. */
export function straightSettle(shape: Shape): string {
  if (!isStraight(shape)) return `${LAYERS}${SLOTS}${SETTLED}${CORRECTED}`;
  const { slots, S, amounts, leases } = named(shape);
  return inOrder(
    shape,
    `
repeat
  if not vals[3] or changed then break end
  local ${rawsOf(shape).join(", ")} = unpack(vals, 4, ${3 + S})
  local call, format, KEYS = redis.call, string.format, KEYS
  local id, part
  ${DEADLINE}
  local ${[...new Set(slots.map(({ cost }) => cost))].join(", ")} = unpack(cjson.decode('[' .. ARGV[5] .. ']'))
  ${amounts("vals[3]")}${walk(shape, endOf)}${write(shape, isMoved, 3)}
  call('ZREM', KEYS[${4 + S}], ARGV[2])${leases.map(({ n }) => `\n  call('ZREM', KEYS[${4 + S + n}], ARGV[2])`).join("")}
  ${FINISHED}
until true
`,
    `${LEAKS}${SETTLED}`,
    `${LAYING}${SLOTS}${CORRECTED}`,
  );
}

/** Whether a settlement changes a slot: one with layers in any case, others when the call used more or less. */
function isMoved({ cost, isLayered }: NamedSlot): string {
  return isLayered ? `${cost} < ${UNTOUCHED}` : `(${cost} < ${UNTOUCHED} and ${cost} ~= 0)`;
}

function endOf(slot: NamedSlot): string {
  const { n, id, al, cap, x, y, z, bottom, raw, cost } = slot;
  if (!slot.isToken) {
    return `${windowRead(slot)}
    if ${cost} < ${UNTOUCHED} and ${cost} ~= 0 then
      a, b, c, t = advance(${al}, true, a, 0, c, t, ${x}, ${y}, ${z}, now)
      a, b, c, t = corrected(${al}, a, 0, c, t, ${cost}, ${cap}, ${x}, ${y}, ${z}, reservedAt)
    end${windowText(slot)}`;
  }
  if (!slot.isLayered) {
    return `${bucketRead(slot)}
    if ${cost} < ${UNTOUCHED} and ${cost} ~= 0 then break end
    s${n} = sub(${raw}, from, pos - 1)${bucketKept(slot)}`;
  }
  return `${bucketRead(slot)}
    if ${cost} < ${UNTOUCHED} then
      part, b = 0, a
      if now > c then
        part = ((now - c) * ${x}) / ${y}
        b = a - part
        if b > ${bottom} then a = b else a = ${bottom} end
        c = now
      end
      a, k, s${n}, g${n} = ended(${id}, ${raw}, p, k, u, m, e, a, b, part, c, reservedAt, ${cost}, ${bottom})
      if ${cost} > 0 and a > ${cap} then break end
    else s${n} = sub(${raw}, from, pos - 1) end${bucketKept(slot)}`;
}

function isPlain(shape: Shape): boolean {
  return shape.subjects.flat().every(({ algorithm }) => algorithm === "token_bucket");
}

/** Token buckets alone need few functions, and making the others costs as much as an admission's arithmetic: they come last. */
function inOrder(shape: Shape, text: string, first: string, others: string): string {
  return isPlain(shape) ? `${PACKING}${first}${text}${others}` : `${PACKING}${first}${others}${text}`;
}

/** Reads each subject's slots in order; leaves when one is missing, out of order, in debt, or kept for another policy. */
function walk(shape: Shape, step: (slot: NamedSlot) => string): string {
  return bySubject(shape)
    .map((slots, subject) => {
      const [raw, kept] = [`r${subject + 1}`, `h${subject + 1}`];
      const names = slots.flatMap(({ n, algorithm }) => [
        `l${n}`,
        `s${n}`,
        ...(algorithm === "sliding_window" ? [`e${n}`] : []),
      ]);
      const pieces = slots.flatMap((slot) => textOf(slot).slice(1));
      return `
  local ${kept} = 1
  if not ${raw} then break end
  local ${names.join(", ")}${pieces.length === 0 ? "" : `\n  local ${pieces.join(", ")} = ${pieces.map(() => "''").join(", ")}`}
  do
  local pos, from = 1, 1${slots.map((slot) => `\n  do${step(slot)}\n  end`).join("")}
  if pos <= #${raw} then break end
  end`;
    })
    .join("");
}

/** The slot that stands at pos: a, c as stored; k layers, the newest of them (u, m, e) and where the others stand, p. */
function bucketRead({ id, raw, isLayered }: NamedSlot): string {
  const head = `
    if pos + 18 > #${raw} then break end
    from = pos
    id, a, c, pos = unpackd('<I3dd', ${raw}, pos)`;
  if (!isLayered) {
    return `
    local a, c${head}
    if id ~= ${id} then break end`;
  }
  return `
    local a, c, k, u, m, e, p, b${head}
    if id == ${id} then k = 0
    elseif id == ${id + FORM} then
      k, u, m, e, pos = 1, unpackd('<dI4d', ${raw}, pos)
    elseif id == ${id + 2 * FORM} then
      b, k, u, m, e, p = unpackd('<dBdI4d', ${raw}, pos)
      if b ~= 0 then break end
      pos = p + 20 * k - 20
    else break end`;
}

/** How long the bucket is kept, with its k layers. */
function bucketKept({ x, y, saves, kept, isLayered }: NamedSlot): string {
  const rest = `(a * ${y}) / ${x} + (c - now)`;
  return `
    part = ${saves ? `math.max(${rest}, 0) + ${KEPT.creditMs}` : rest}
${isLayered ? `    if k > 0 and part < ${KEPT.openMs} then part = ${KEPT.openMs} end\n` : ""}    if part > ${kept} then ${kept} = part end`;
}

/** The names of the pieces of a slot's text: its numbers and newest layer, the others, the one that was the newest. */
function textOf({ n, isLayered }: NamedSlot): string[] {
  return isLayered ? [`s${n}`, `g${n}`, `o${n}`] : [`s${n}`];
}

function windowRead({ id, raw }: NamedSlot): string {
  return `
    if pos > #${raw} then break end
    local a, b, c, t
    id, a, b, c, t, pos = slotAt(${raw}, pos)
    if id ~= ${id} then break end`;
}

function windowText({ n, id, al, x, y, z, kept }: NamedSlot): string {
  return `
    s${n} = slotOf(${al}, ${id}, a, 0, c, t)
    part = keptMs(${al}, a, c, t, ${x}, ${y}, ${z}, now)
    if part > ${kept} then ${kept} = part end`;
}

/** Stores each subject of which something changes, for as long as something of it is left. */
function write(shape: Shape, changed: (slot: NamedSlot) => string, before: number): string {
  return bySubject(shape)
    .map((slots, subject) => {
      const kept = `h${subject + 1}`;
      return `
  if ${[...new Set(slots.map(changed))].join(" or ")} then
    if ${kept} > ${KEPT.maxMs} then ${kept} = ${KEPT.maxMs} end
    call('SET', KEYS[${before + 1 + subject}], ${slots.flatMap(textOf).join(" .. ")}, px, format('%d', base + math.ceil(${kept}) + ${KEPT.marginMs}))
  end`;
    })
    .join("");
}
