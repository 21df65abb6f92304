import { spawn } from "node:child_process";
import { Redis } from "ioredis";
import { rangesIn, slotOf } from "@/lib/redis/cluster/slots";
import { endsWithUs, freePort, until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";

const MASTERS = 3;
/** How long a master may be silent before the others elect its replica. */
const NODE_TIMEOUT_MS = 1000;

/** A real Redis Cluster of three masters on loopback, each with so many replicas. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly urls: readonly string[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
    this.urls = nodes.map(({ url }) => url);
  }

  static async run(replicas: number): Promise<RedisCluster> {
    const nodes: RedisServer[] = [];
    const addresses: string[] = [];
    for (let count = 0; count < MASTERS * (1 + replicas); count++) {
      // Where the nodes talk to each other; left alone it would be 10,000 above the port, and may be taken.
      const busPort = await freePort();
      const settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", String(NODE_TIMEOUT_MS)];
      const node = await RedisServer.run(undefined, undefined, {}, [...settings, "--cluster-port", String(busPort)]);
      nodes.push(node);
      addresses.push(`127.0.0.1:${node.port}@${busPort}`);
    }
    await redisCli("--cluster", "create", ...addresses, "--cluster-replicas", String(replicas), "--cluster-yes");
    const cluster = new RedisCluster(nodes);
    await until("every node to know the whole cluster", () => cluster.#isWhole(replicas));
    return cluster;
  }

  /** The master that has the slot of a key, as the first node that lives knows it. */
  async masterOf(key: string): Promise<RedisServer> {
    const slot = slotOf(key);
    const reply = await this.#ask((node) => node.call("cluster", "slots"));
    const range = rangesIn(reply, "127.0.0.1").find(({ first, last }) => first <= slot && slot <= last);
    const master = this.nodes.find(({ port }) => range?.address === `127.0.0.1:${port}`);
    if (master === undefined) throw new Error("no master has the slot");
    return master;
  }

  /** A master without this slot. */
  async otherThan(master: RedisServer): Promise<RedisServer> {
    const reply = await this.#ask((node) => node.call("cluster", "slots"));
    const addresses = new Set(rangesIn(reply, "127.0.0.1").map(({ address }) => address));
    const other = this.nodes.find((node) => node !== master && addresses.has(`127.0.0.1:${node.port}`));
    if (other === undefined) throw new Error("there is no other master");
    return other;
  }

  async flush(): Promise<void> {
    for (const node of this.nodes) await withClient(node, (client) => client.flushall()).catch(readOnly);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop().catch(() => undefined)));
  }

  async #ask<T>(work: (node: Redis) => Promise<T>): Promise<T> {
    let last: unknown = null;
    for (const node of this.nodes) {
      try {
        return await withClient(node, work);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  async #isWhole(replicas: number): Promise<boolean> {
    const states = await Promise.all(
      this.nodes.map((node) =>
        withClient(node, async (client) => {
          const info = await client.cluster("INFO");
          const slots = await client.cluster("SLOTS");
          const isCopied = slots.every((range) => range.length === 3 + replicas);
          return info.includes("cluster_state:ok") && isCopied;
        }),
      ),
    );
    const links = await Promise.all(this.nodes.map((node) => withClient(node, (client) => client.info("replication"))));
    return states.every(Boolean) && links.every((link) => !link.includes("master_link_status:down"));
  }
}

export async function withClient<T>(node: RedisServer, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(node.url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

function redisCli(...args: string[]): Promise<void> {
  const child = endsWithUs(spawn("redis-cli", args, { stdio: ["ignore", "pipe", "pipe"] }));
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => (code === 0 ? resolve() : reject(new Error(`redis-cli ${args[1]}: ${output}`))));
  });
}

/** A replica cannot be flushed: its master is. */
function readOnly(error: unknown): void {
  if (!String(error).includes("READONLY")) throw error;
}
