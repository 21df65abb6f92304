import { createHash } from "node:crypto";

/** The keys of one installation. */
export type StoreKeys = ReturnType<typeof storeKeys>;
export type TenantKeys = ReturnType<StoreKeys["tenant"]>;

export type Spread = "one server" | "together" | "apart";

/**
 * The one place that spells a Redis key. Every key begins with the installation's prefix (P). All keys of a tenant
 * share one hash tag (T), so that a script over them stays on one node. Only server-made ids and digests enter. Keys
 * are short, as every user has some: with a prefix of 3 characters a counter's key fits 32 bytes of Redis.
 *
 * | key | holds |
 * |---|---|
 * | `P{T}f` | version of the newest policy, and the tick at which the store was last known to be whole |
 * | `P{T}r<call>` | reservation of a running call |
 * | `P{T}d<span>` | finished calls that began in one span of time |
 * | `P{T}n:<request>` | usage last noted by a running call |
 * | `P{T}o` | running calls by the time at which they count as dead |
 * | `P{T}s:<caller>` | strikes |
 * | `P{T}m:<process>` | mark of a process that puts back what an emptied store must know |
 * | `P{T}i:<digest>` | use of an idempotency key |
 * | `P{T}p:<hash>` | numbers of a policy, packed |
 * | `P{T}q:<hash>` | of these numbers, those that the script of its shape must read |
 * | `P{T}c<subject>` | counters of a subject, packed |
 * | `P{T}l<subject>` | leases of a subject: running calls by expiry |
 * | `P{g}w<line>` | the best waiting call of each process in a line |
 * | `P{g}v` | what tenants have used while calls wait |
 * | `P{C}h<counter>` | who may spend how much of a counter that all tenants share, on a cluster with tenants apart |
 * | `P{C}h` | on which server processes these were written, and since when |
 * | `P{g}b` | brakes that were set while the database was away |
 * | `P{g}id` | who uses this store, and the server process on which it was filled |
 * | `P:door:<what>:<address>` | attempts at the front door, spelled by @upstash/ratelimit |
 *
 * The spread over the slots of a cluster. `together`: all keys of an installation share the tag `{P}` and so one slot;
 * every script stays in that slot and is exact. `apart`: tenants lie in 64 slots, by the first letter of T. Keys that
 * all tenants share lie in other slots, and no script reads both.
 */
export function storeKeys(prefix: string, spread: Spread = "one server") {
  const isTogether = spread === "together";
  const tagOf = (tenantId: string) => {
    const tenant = short(tenantId).slice(0, TAG_CHARS);
    if (spread === "apart") return `${prefix}{${tenant.charAt(0)}}${tenant}`;
    return isTogether ? `{${prefix}}${tenant}` : `${prefix}{${tenant}}`;
  };
  // No tenant's name has a dot.
  const everyone = { "one server": `${prefix}{g}`, together: `{${prefix}}.`, apart: `${prefix}{.}` }[spread];
  return {
    prefix,
    spread,
    identity: `${everyone}id`,
    line: (line: string) => `${everyone}w${short(line)}`,
    virtualCosts: `${everyone}v`,
    brakes: `${everyone}b`,
    /** who may spend how much of a counter that all tenants share, and the mark beside it */
    share: (counter: string) => {
      const name = short(counter);
      return { book: `${prefix}{${name.charAt(0)}}h${name}`, mark: `${prefix}{${name.charAt(0)}}h` };
    },
    shareMarks: [...LETTERS].map((letter) => `${prefix}{${letter}}h`),
    door: (what: string) => `${spread === "one server" ? prefix : `{${prefix}}`}:door:${what}`,

    tenant(tenantId: string) {
      const tag = tagOf(tenantId);
      return {
        flags: `${tag}f`,
        open: `${tag}o`,
        mark: (process: string) => `${tag}m:${process}`,
        reservation: (requestId: string) => `${tag}r${callOf(requestId)}`,
        finished: (requestId: string) => `${tag}d${spanOf(requestId)}`,
        note: (requestId: string) => `${tag}n:${requestId}`,
        strikes: (caller: string) => `${tag}s:${short(caller)}`,
        idempotency: (id: string) => `${tag}i:${id}`,
        policy: (hash: string) => `${tag}p:${hash}`,
        amounts: (hash: string) => `${tag}q:${hash}`,
      };
    },

    /**
     * Counters of a subject. Those of a tenant carry its tag; `global` and `provider:` are shared by all tenants and carry
     * their own. One script reads both, unless tenants are `apart`: then shared limits are leased (./leases).
     */
    subject(kind: "c" | "l", subject: string, slotId = ""): string {
      const [scope, tenantId] = subject.split(":", 2);
      const tag = scope === "t" && tenantId !== undefined ? tagOf(tenantId) : everyone;
      const id = slotId === "" ? "" : `.${short(slotId)}`;
      return `${tag}${kind}${short(subject).slice(0, SUBJECT_CHARS)}${id}`;
    },
  };
}

/** Whether all tenants share a subject: no tenant's tag leads to it. */
export function isShared({ subject }: { readonly subject: string }): boolean {
  return !subject.startsWith("t:");
}

/**
 * The prefix of an installation without a configured one: three characters made of its id. A process does not start
 * when another installation has the same prefix.
 */
export function prefixOf(installationId: string): string {
  const number = Number.parseInt(createHash("sha256").update(installationId).digest("hex").slice(0, 12), 16);
  return number.toString(36).padStart(PREFIX_CHARS, "0").slice(-PREFIX_CHARS);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const PREFIX_CHARS = 3;
/** 48 bits: two of a hundred thousand tenants share a tag with a chance of one in fifty thousand; then they share a node. */
const TAG_CHARS = 8;
/** 60 bits beside the tag. Among a million subjects of one tenant, the chance of a collision is one in two million. */
const SUBJECT_CHARS = 10;
const HASH_CHARS = 11;
const known = new Map<string, string>();
const KNOWN_MAX = 50_000;

/**
 * Names a call by 48 bits of its id's random end, so that a finished one takes some 60 bytes of Redis. Two of the
 * hundred thousand calls that a busy tenant finished recently collide with a chance of one in fifty thousand.
 */
function callOf(requestId: string): string {
  if (MADE_HERE.test(requestId)) return Buffer.from(requestId.slice(-12), "hex").toString("base64url");
  return createHash("sha256").update(requestId).digest("base64url").slice(0, CALL_CHARS);
}

/** The ten seconds in which a call's id was made: few enough calls that Redis forgets them in a moment. */
function spanOf(requestId: string): string {
  if (!MADE_HERE.test(requestId)) return "0";
  return Math.floor(Number.parseInt(requestId.slice(4, 16), 16) / SPAN_MS).toString(36);
}
const SPAN_MS = 10_000;

/** lib/request-id */
const MADE_HERE = /^req_[0-9a-f]{32}$/;
/** The scripts find a call's name at the end of its reservation's key. */
export const CALL_CHARS = 8;

/** 66 bits of SHA-256. */
function short(text: string): string {
  const before = known.get(text);
  if (before !== undefined) return before;
  const hash = createHash("sha256").update(text).digest("base64url").slice(0, HASH_CHARS);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, hash);
  return hash;
}
