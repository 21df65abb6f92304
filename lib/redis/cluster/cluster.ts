import { createHash } from "node:crypto";
import type { Requester } from "@upstash/redis";
import { BootFault, StoreUnavailable } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { RedisNode } from "../node";
import type { Answer, Reply, RespRequester } from "../resp-requester";
import type { Script } from "../script";
import { reasonOf } from "../store-error";
import { rangesIn, redirectIn, SlotTable, slotOf } from "./slots";

const REDIRECTS_MAX = 5;
/** Time between looks for the slots' masters, ms: without a cause, and at least, whatever the causes are. */
const LOOK_EVERY_MS = 1000;
const LOOK_APART_MS = 100;
const NAME_CHARS = 24;

type Lane = "main" | "beside";

/**
 * A Redis Cluster used like one server: each command goes to the master of its key's slot. Invariant: the listeners are
 * called before anything is decided on a new master, because a promoted replica may lack the last writes. So a script
 * of the main lane is never redirected to a slot's new master: it fails, and its caller asks again by its own rules.
 * All other commands follow redirects. Fail mode: a slot whose master is away rejects; other slots are served.
 */
export class RedisCluster {
  readonly #nodes = new Map<string, RedisNode>();
  readonly #table = new SlotTable();
  readonly #listeners: (() => void)[] = [];
  readonly #base: URL;
  readonly #log: Log;
  readonly #commandMs: number;
  #looking: Promise<void> | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | null = null;

  private constructor(base: URL, log: Log, commandMs: number) {
    this.#base = base;
    this.#log = log;
    this.#commandMs = commandMs;
  }

  /** Any node that answers names the others; scheme and credentials are those of the first address. */
  static async connect(urls: readonly string[], log: Log, commandMs: number): Promise<RedisCluster> {
    const addresses = urls.map((url) => new URL(url));
    const [first] = addresses;
    if (first === undefined) throw new BootFault("REDIS_CLUSTER: name at least one node");
    const cluster = new RedisCluster(first, log, commandMs);
    try {
      const failed = await cluster.#firstLook(addresses.map(({ host }) => host));
      if (failed !== null) throw new BootFault(`REDIS_CLUSTER: no node of a cluster answers there (${failed})`);
      await Promise.all([...cluster.#table.addresses].map((address) => cluster.#node(address).ready));
    } catch (error) {
      cluster.close();
      throw error;
    }
    cluster.#timer = setInterval(() => cluster.#look(), LOOK_EVERY_MS).unref();
    return cluster;
  }

  /** The transport for `@upstash/redis`, on the connections for calls or on the side connections. */
  lane(lane: Lane): Requester {
    return {
      request: async <Result>({ path, body }: { path?: string[]; body?: unknown }): Promise<Answer<Result>> => {
        const isMany = path?.[0] === "pipeline" || path?.[0] === "multi-exec";
        const commands = (isMany ? manyIn(body) : [body]).map(wordsOf);
        if (path?.[0] === "multi-exec") {
          const node = this.#ownerOf(slotOf(keyOf(commands[0] ?? []) ?? ""));
          return laneOf(node, lane).request({ ...(path && { path }), body });
        }
        const replies = await Promise.all(commands.map((command) => this.#send(command, lane)));
        const answer: Answer<Result> = Object.assign(isMany ? replies : (replies[0] ?? {}));
        return answer;
      },
    };
  }

  /** Runs a script that the master of its keys knows, on the connections for calls. */
  async runKnown(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const node = this.#ownerOf(slotOf(keys[0] ?? ""));
    if (!node.watch.isKnown) throw new StoreUnavailable("no connection to the store", "connection");
    try {
      return await node.requester.runKnown(script, keys, args);
    } catch (error) {
      const redirect = redirectIn(reasonOf(error), this.#base.hostname);
      if (redirect?.kind === "ask") return this.#asked(redirect.address, node.requester.spelled(script, keys, args));
      if (redirect !== null) this.#heard([{ first: redirect.slot, last: redirect.slot, address: redirect.address }]);
      this.#look();
      throw error;
    }
  }

  /** The names of all masters, joined; null while one of them is unknown. */
  get server(): string | null {
    const names = [...this.#table.addresses].map((address) => this.#nodes.get(address)?.watch);
    if (names.length === 0 || names.some((watch) => watch?.isKnown !== true)) return null;
    const text = names.map((watch) => watch?.server ?? "").sort();
    return createHash("sha256").update(text.join(" ")).digest("hex").slice(0, NAME_CHARS);
  }

  /** Always true: each master is identified separately, when it is used. */
  readonly isKnown = true;

  onOther(listener: () => void): void {
    this.#listeners.push(listener);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const node of this.#nodes.values()) node.close();
  }

  async #send(command: readonly string[], lane: Lane): Promise<Reply> {
    const key = keyOf(command);
    let node = this.#ownerOf(slotOf(key ?? ""));
    const isDecision = lane === "main" && /^eval/i.test(command[0] ?? "");
    for (let hop = 0; ; hop++) {
      const reply: Reply = await laneOf(node, lane).request({ body: command });
      if (reply.error === undefined) return reply;
      const redirect = redirectIn(reply.error, this.#base.hostname);
      if (redirect === null) {
        if (!/^(?:\w*Error: )?(?:NOSCRIPT|ERR)\b/.test(reply.error)) this.#look();
        return reply;
      }
      if (redirect.kind === "ask") return { result: await this.#asked(redirect.address, command) };
      this.#heard([{ first: redirect.slot, last: redirect.slot, address: redirect.address }]);
      if (isDecision || hop >= REDIRECTS_MAX) return reply;
      node = this.#node(redirect.address).node;
    }
  }

  /** For a slot that moves to another master: sends this one command there (ASK). */
  #asked(address: string, command: readonly string[]): Promise<unknown> {
    return this.#node(address).node.requester.asking(command);
  }

  #ownerOf(slot: number): RedisNode {
    const address = this.#table.ownerOf(slot);
    if (address !== undefined) return this.#node(address).node;
    this.#look();
    throw new StoreUnavailable("no master has this slot", "cluster");
  }

  readonly #ready = new Map<RedisNode, Promise<void>>();

  #node(address: string): { readonly node: RedisNode; readonly ready: Promise<void> } {
    const known = this.#nodes.get(address);
    if (known !== undefined) return { node: known, ready: this.#ready.get(known) ?? Promise.resolve() };
    const url = new URL(this.#base);
    url.host = address;
    const node = new RedisNode(url.href, this.#log, this.#commandMs);
    node.watch.onOther(() => this.#tell());
    // A node that is away reconnects automatically; until then its slots reject.
    const ready = node.connect().catch(() => undefined);
    this.#nodes.set(address, node);
    this.#ready.set(node, ready);
    return { node, ready };
  }

  #heard(ranges: Parameters<SlotTable["hear"]>[0]): void {
    if (!this.#table.hear(ranges)) return;
    this.#log.warn("slots of the cluster moved to another master");
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  async #firstLook(addresses: readonly string[]): Promise<string | null> {
    let failed = "";
    for (const address of addresses) {
      const { node, ready } = this.#node(address);
      await ready;
      const reply = await slotsFrom(node);
      if (reply.error === undefined) {
        this.#heard(rangesIn(reply.result, new URL(`redis://${address}`).hostname));
        return null;
      }
      failed = reply.error;
    }
    return failed;
  }

  /** Asks one node after the other for the slots' masters, until one answers. One look runs at a time. */
  #look(): void {
    const now = performance.now();
    if (this.#looking !== null || now - this.#lookedAt < LOOK_APART_MS) return;
    this.#lookedAt = now;
    this.#looking = this.#lookNow()
      .catch((error: unknown) => this.#log.warn({ err: error }, "could not read the cluster's slot map"))
      .finally(() => {
        this.#looking = null;
      });
  }

  async #lookNow(): Promise<void> {
    const known = [...this.#nodes].filter(([, { watch }]) => watch.isKnown);
    for (const [address, node] of known) {
      const reply = await slotsFrom(node);
      if (reply.error !== undefined) continue;
      this.#heard(rangesIn(reply.result, new URL(`redis://${address}`).hostname));
      break;
    }
    const current = this.#table.addresses;
    for (const address of current) this.#node(address);
    for (const [address, node] of this.#nodes)
      if (!current.has(address) && !node.watch.isKnown) this.#drop(address, node);
  }

  #drop(address: string, node: RedisNode): void {
    node.close();
    this.#nodes.delete(address);
    this.#ready.delete(node);
  }
}

/** Uses the connections for calls: the side connections may not be open yet at a node's first use. */
async function slotsFrom(node: RedisNode): Promise<Reply> {
  return node.requester.request({ body: ["cluster", "slots"] }).catch((error: unknown) => ({ error: reasonOf(error) }));
}

function laneOf(node: RedisNode, lane: Lane): RespRequester {
  return lane === "main" ? node.requester : node.beside;
}

/** The first key of a command; undefined when it has none and any master will do. */
function keyOf(command: readonly string[]): string | undefined {
  return /^eval/i.test(command[0] ?? "") ? (command[2] === "0" ? undefined : command[3]) : command[1];
}

function manyIn(body: unknown): readonly unknown[] {
  return Array.isArray(body) ? body : [];
}

function wordsOf(command: unknown): string[] {
  return manyIn(command).map(String);
}
