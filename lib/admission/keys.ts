import { createHash } from "node:crypto";

/**
 * The one place that spells a Redis key. All keys of a tenant share one hash tag, so that a script over them stays on
 * one node. Only server-made ids and digests enter; lengths are kept short, as every user has such keys.
 *
 * | key | holds |
 * |---|---|
 * | `sw{T}f` | version of the newest policy |
 * | `sw{T}r:<request>` | reservation, or the tombstone of a settled call |
 * | `sw{T}n:<request>` | usage last noted by a running call |
 * | `sw{T}o` | running calls by the time at which they count as dead |
 * | `sw{T}s:<caller>` | strikes |
 * | `sw{T}m:<process>` | mark of a process that puts back what an emptied store must know |
 * | `sw{T}i:<digest>` | use of an idempotency key |
 * | `sw{T}p:<hash>` | numbers of a policy, packed |
 * | `sw{T}c:<subject>` | counters of a subject, packed |
 * | `sw{T}l:<subject>` | leases of a subject: running calls by expiry |
 */
export function tenantKeys(tenantId: string) {
  const prefix = `sw{${short(tenantId)}}`;
  return {
    flags: `${prefix}f`,
    open: `${prefix}o`,
    mark: (process: string) => `${prefix}m:${process}`,
    reservation: (requestId: string) => `${prefix}r:${requestId}`,
    note: (requestId: string) => `${prefix}n:${requestId}`,
    strikes: (caller: string) => `${prefix}s:${short(caller)}`,
    idempotency: (id: string) => `${prefix}i:${id}`,
    policy: (hash: string) => `${prefix}p:${hash}`,
  };
}

/**
 * Counters of a subject. Those of a tenant carry its tag; `global` and `provider:` are shared by all tenants and carry
 * their own: on one primary that is strict, on a cluster it is the layer that has to become leased shares.
 */
export function subjectKey(kind: "c" | "l", subject: string, slotId = ""): string {
  const [scope, tenantId, ...rest] = subject.split(":");
  const id = slotId === "" ? "" : `.${short(slotId)}`;
  if (scope === "t" && tenantId !== undefined) return `sw{${short(tenantId)}}${kind}:${short(rest.join(":"))}${id}`;
  return `sw{g}${kind}:${short(subject)}${id}`;
}

const SHORT_CHARS = 11;
const known = new Map<string, string>();
const KNOWN_MAX = 50_000;

/** 66 bits of SHA-256: any two of a million ids meet with a chance of one in a hundred million. */
function short(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, SHORT_CHARS);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, hash);
  return hash;
}
