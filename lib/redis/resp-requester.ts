import { Command as Asked, type Redis as Ioredis } from "ioredis";
import type { Patience } from "./patience";
import { KEY_LOCKING, type Script, sha1 } from "./script";

type Server = Pick<Ioredis, "call" | "multi" | "pipeline" | "stream" | "sendCommand">;
type Command = readonly (string | number | boolean)[];
export type Reply = { result?: unknown; error?: string };
export type Answer<Result> = { result?: Result; error?: string };

/**
 * Lets `@upstash/redis` (and `@upstash/ratelimit` on top of it) speak to any Redis or Valkey over TCP. Removes the
 * Upstash-only flag line from scripts, and remembers the hash by which the server knows the rest.
 */
export class RespRequester {
  readonly #redis: Server;
  readonly #patience: Pick<Patience, "wait">;
  readonly #hashes = new Map<string, string>();
  #gathering: Server["stream"] | null = null;

  constructor(redis: Server, patience: Pick<Patience, "wait">) {
    this.#redis = redis;
    this.#patience = patience;
  }

  async request<Result>(input: { path?: string[]; body?: unknown }): Promise<Answer<Result>> {
    const kind = input.path?.[0];
    const isMany = kind === "pipeline" || kind === "multi-exec";
    const commands = (isMany ? asCommands(input.body) : asCommands([input.body])).map((command) =>
      this.#portable(command),
    );
    const replies = kind === "multi-exec" ? await this.#atomically(commands) : await this.#send(commands);
    // The interface is generic over the expected type; the caller gets what the server answered.
    const answer: Answer<Result> = Object.assign(isMany ? replies : (replies[0] ?? {}));
    return answer;
  }

  /**
   * Runs a script that the server knows. Bypasses the client's own layer, as this is the one command of every call. All
   * commands of one turn of the event loop go out in one write; each answer is passed on as it comes.
   */
  runKnown(script: Script, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const asked = new Asked("evalsha", this.spelled(script, keys, args).slice(1), { replyEncoding: "utf8" });
    this.#gatherWrites();
    this.#redis.sendCommand(asked);
    return this.#patience.wait(asked.promise);
  }

  /** The command that `runKnown` sends. */
  spelled(script: Script, keys: readonly string[], args: readonly string[]): string[] {
    return ["evalsha", stockSha(script), String(keys.length), ...keys, ...args];
  }

  /** Sends one command about a slot that moves to this server (ASKING). Rejects with the server's error. */
  async asking(command: readonly string[]): Promise<unknown> {
    const [name = "", ...args] = this.#portable(command);
    const asked = this.#redis
      .pipeline()
      .call("asking")
      .call(name, ...args);
    const [, answer] = (await this.#patience.wait(asked.exec())) ?? [];
    if (answer === undefined) throw new Error("the server gave no answer");
    const [error, result] = answer;
    if (error !== null) throw error;
    return result ?? null;
  }

  #gatherWrites(): void {
    // Away: the client refuses the command itself.
    const stream: Server["stream"] | undefined = this.#redis.stream;
    if (stream === undefined || stream === this.#gathering) return;
    this.#gathering = stream;
    stream.cork();
    setImmediate(() => {
      this.#gathering = null;
      stream.uncork();
    });
  }

  async #send(commands: readonly string[][]): Promise<Reply[]> {
    const answers = commands.map(([name = "", ...args]) => this.#patience.wait(this.#redis.call(name, ...args)));
    return Promise.all(answers.map((answer) => answer.then(asResult, asError)));
  }

  async #atomically(commands: readonly string[][]): Promise<Reply[]> {
    const multi = this.#redis.multi();
    for (const [name = "", ...args] of commands) multi.call(name, ...args);
    const replies = await this.#patience.wait(multi.exec());
    return (replies ?? []).map(([error, result]) => (error === null ? asResult(result) : asError(error)));
  }

  #portable(command: Command): string[] {
    const [name, script, ...rest] = command.map(String);
    if (script === undefined) return command.map(String);
    if (name?.toLowerCase() === "eval" && script.startsWith(KEY_LOCKING)) {
      const stock = script.slice(KEY_LOCKING.length);
      this.#hashes.set(sha1(script), sha1(stock));
      return ["eval", stock, ...rest];
    }
    if (name?.toLowerCase() === "evalsha") return ["evalsha", this.#hashes.get(script) ?? script, ...rest];
    return command.map(String);
  }
}

/** The hash of a script without the flag line, by which servers know it. */
function stockSha(script: Script): string {
  const known = STOCK.get(script);
  if (known !== undefined) return known;
  const sha = sha1(script.text.slice(KEY_LOCKING.length));
  STOCK.set(script, sha);
  return sha;
}

const STOCK = new WeakMap<Script, string>();

/** `undefined` would count as no answer at all. */
function asResult(result: unknown): Reply {
  return { result: result ?? null };
}

function asError(error: unknown): Reply {
  return { error: error instanceof Error ? error.message : String(error) };
}

function asCommands(body: unknown): Command[] {
  return Array.isArray(body) ? body : [];
}
