import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { type Ask, CLIENTS, type Client } from "../fixtures/clients";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

const PROMPT = "How does a spillway work?";
const WORDS = "water finds its level";
const MINUTES = 120_000;

/** The result of a client's turn: its calls, the statuses that it got, and what it reported. */
type Outcome = {
  readonly calls: number;
  readonly statuses: readonly number[];
  readonly codes: readonly string[];
  readonly requestIds: readonly string[];
  readonly text: string | null;
  readonly toolCall: unknown;
  readonly error: string | null;
};

type Turn = Partial<Omit<Ask, "fetch">> & { readonly user?: string; readonly onCall?: (calls: number) => void };

async function play(client: Client, server: Spillway, turn: Turn): Promise<Outcome> {
  const seen = { statuses: [] as number[], codes: [] as string[], requestIds: [] as string[] };
  const counting: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("x-spillway-user", turn.user ?? client.name);
    const answer = await fetch(input, { ...init, headers });
    seen.statuses.push(answer.status);
    seen.requestIds.push(answer.headers.get("x-request-id") ?? "");
    if (!answer.ok) {
      const { error } = await answer.clone().json();
      seen.codes.push(error.code ?? error.details?.error_code);
    }
    turn.onCall?.(seen.statuses.length);
    return answer;
  };
  const ask: Ask = {
    baseUrl: server.baseUrl,
    key: server.demo.keys.enterprise,
    model: "sim-small",
    prompt: PROMPT,
    stream: false,
    withTool: false,
    fetch: counting,
    ...turn,
  };
  const done = (more: Pick<Outcome, "text" | "toolCall" | "error">) => ({
    calls: seen.statuses.length,
    ...seen,
    ...more,
  });
  try {
    const { text, toolCall } = await client.ask(ask);
    return done({ text, toolCall, error: null });
  } catch (error) {
    return done({ text: null, toolCall: null, error: nameOf(error) });
  }
}

/** The class of what was thrown; of the AI SDK's wrapper, what is inside. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner: unknown = Reflect.get(error, "lastError");
  if (inner instanceof Error) return nameOf(inner);
  const name = error.name === "Error" ? error.constructor.name : error.name;
  return name.replace(/^(AI)?_/, "");
}

/** Every client's turn at once, as a table to compare. */
async function everyone<Row>(server: Spillway, turn: (client: Client) => Turn, row: (outcome: Outcome) => Row) {
  const rows = await Promise.all(
    CLIENTS.map(async (client) => [client.name, row(await play(client, server, turn(client)))] as const),
  );
  return Object.fromEntries(rows);
}

function expected<Row>(row: (client: Client) => Row): Record<string, Row> {
  return Object.fromEntries(CLIENTS.map((client) => [client.name, row(client)]));
}

/** The AI SDK knows nothing of x-should-retry, LangChain reads codes and words: all others obey it. */
const finalCalls = ({ family }: Client) => (family === "ai" ? 3 : 1);

describe.each(["own", "next"] as const)("the real clients, door: %s", (door) => {
  let spillway: Spillway;
  let provider: Provider;

  beforeAll(async () => {
    [spillway, provider] = await Promise.all([Spillway.run({ SPILLWAY_DOOR: door }), Provider.run()]);
    await provider.serve(spillway, { coolsDown: false });
    await perUser("enterprise", null);
  });
  afterAll(async () => {
    await spillway.stop();
    await provider.stop();
  });

  type Tier = { version: number; limits: { capacity: number }[] };

  /** Limits of the tier out of the way, and one for each user. */
  async function perUser(tier: string, limit: object | null): Promise<void> {
    const current = await spillway.admin<Tier>("GET", `tiers/${tier}`);
    const limits = current.limits.map((one) => ({ ...one, capacity: one.capacity * 1000 }));
    const own = limit === null ? [] : [{ name: "per-user", layer: "user", ...limit }];
    await spillway.admin("PUT", `tiers/${tier}`, { ...current, limits: [...limits, ...own] });
  }

  test("plain", async () => {
    const table = await everyone(
      spillway,
      () => ({}),
      ({ calls, text }) => [calls, text?.startsWith(WORDS)],
    );
    expect(table).toEqual(expected(() => [1, true]));
  });

  test("stream, in pieces", async () => {
    const pieces = new Map<string, number>();
    const turn = ({ name }: Client): Turn => ({
      stream: true,
      onText: () => pieces.set(name, (pieces.get(name) ?? 0) + 1),
    });
    const table = await everyone(spillway, turn, ({ calls, text }) => [calls, text?.startsWith(WORDS)]);
    expect(table).toEqual(expected(() => [1, true]));
    for (const client of CLIENTS)
      expect([client.name, (pieces.get(client.name) ?? 0) > 5]).toEqual([client.name, true]);
  });

  test.each([false, true])("a tool, stream: %s", async (stream) => {
    const table = await everyone(
      spillway,
      () => ({ withTool: true, stream }),
      ({ calls, toolCall }) => [calls, toolCall],
    );
    expect(table).toEqual(expected(() => [1, { name: "flow_at", input: { place: "water" } }]));
  });

  test("an abort in the middle of a stream ends the provider's work and is booked at what was delivered", async () => {
    await provider.play({ mode: "hang_after", afterTokens: 5, times: CLIENTS.length });
    const turn = (): Turn => {
      const abort = new AbortController();
      let text = "";
      // Some clients hand on a word when the next has come: what they have is asked for, not how often they spoke.
      const onText = (piece: string) => {
        text += piece;
        if (text.split(" ").length >= 4) abort.abort();
      };
      return { stream: true, signal: abort.signal, onText };
    };
    const outcomes = await everyone(spillway, turn, (outcome) => outcome);
    for (const [name, { calls, requestIds }] of Object.entries(outcomes)) {
      expect([name, calls]).toEqual([name, 1]);
      const row = await until(`${name}: the row`, () => spillway.ledgerRow(requestIds[0] ?? ""));
      expect([name, row.ending, row.outputTokens]).toEqual([name, "client_abort", 5]);
    }
    await until("the slots to be free", async () => {
      const lines = await spillway.quota(spillway.demo.keys.enterprise);
      return lines.find((line) => line.name === "concurrent-calls")?.used === 0;
    });
    await provider.play({});
  });

  test(
    "401, 404 and 413 are final",
    async () => {
      const status = ({ calls, statuses, error }: Outcome) => [calls, statuses[0], error !== null];
      const wrongKey = spillway.demo.keys.enterprise.replace(/.{6}$/, "AAAAAA");
      expect(await everyone(spillway, () => ({ key: wrongKey }), status)).toEqual(expected(() => [1, 401, true]));
      expect(await everyone(spillway, () => ({ model: "none" }), status)).toEqual(expected(() => [1, 404, true]));
      const long = "a ".repeat(2_200_000);
      expect(await everyone(spillway, () => ({ prompt: long }), status)).toEqual(expected(() => [1, 413, true]));
    },
    MINUTES,
  );

  test(
    "429 with a short wait: every client waits just long enough",
    async () => {
      const key = spillway.demo.keys.loop;
      const turn = async (client: Client): Promise<[string, unknown]> => {
        const user = `${client.name} short`;
        for (;;) {
          await spillway.exhaust(key, user);
          const { statuses, text } = await play(client, spillway, { key, user });
          // On a busy machine a request may be back before the client calls: that shows nothing.
          if (statuses[0] !== 200) return [client.name, [statuses, text?.startsWith(WORDS)]];
        }
      };
      const rows = await Promise.all(CLIENTS.map(turn));
      expect(Object.fromEntries(rows)).toEqual(expected(() => [[429, 200], true]));
    },
    MINUTES,
  );

  test(
    "429 with a long wait: a client that reads the hint does not retry",
    async () => {
      await perUser("standard", {
        dimension: "requests",
        algorithm: "token_bucket",
        capacity: 1,
        refill: 1,
        windowSeconds: 3600,
      });
      const key = spillway.demo.keys.standard;
      for (const { name } of CLIENTS) await spillway.chat(key, {}, { headers: { "x-spillway-user": name } });
      const table = await everyone(
        spillway,
        () => ({ key }),
        ({ calls, codes }) => [calls, codes[0]],
      );
      expect(table).toEqual(expected((client) => [finalCalls(client), "rate_limit_exceeded"]));
    },
    MINUTES,
  );

  test(
    "a used-up budget: no client retries",
    async () => {
      const daily = {
        dimension: "cost_micro_usd",
        algorithm: "calendar_window",
        calendarPeriod: "day",
        capacity: 1000,
      };
      await perUser("free", daily);
      await spillway.admin("PATCH", "tenants/free", { timeZone: zoneFarFromMidnight() });
      const key = spillway.demo.keys.free;
      await provider.play({ outputTokens: 1600, times: CLIENTS.length });
      await Promise.all(
        CLIENTS.map(({ name }) => spillway.chat(key, { max_tokens: 1600 }, { headers: { "x-spillway-user": name } })),
      );
      const table = await everyone(
        spillway,
        () => ({ key, maxTokens: 512 }),
        ({ calls, codes, error }) => [calls, codes[0], error],
      );
      const code = ({ name }: Client) =>
        /anthropic/.test(name) ? "enforced_spend_limit_reached" : "insufficient_quota";
      const thrown = ({ name, family }: Client) =>
        ({
          openai: "RateLimitError",
          anthropic: "EnforcedSpendLimitReachedError",
          ai: "APICallError",
          langchain: "InsufficientQuotaError",
        })[family] ?? name;
      expect(table).toEqual(expected((client) => [1, code(client), thrown(client)]));
    },
    MINUTES,
  );

  test(
    "a brake: no extra call by openai and anthropic, none within its wait by the AI SDK",
    async () => {
      const { id } = await spillway.admin<{ id: string }>("POST", "brakes", {
        scope: { tenant: "enterprise" },
        mode: "block",
        reason: "conformance",
        expiresInSeconds: 600,
      });
      const turn = ({ family }: Client): Turn => {
        if (family !== "ai") return {};
        const abort = new AbortController();
        // It waits half a minute, as told; that it waits is seen, the rest is not waited for.
        return { signal: abort.signal, onCall: (calls) => void (calls === 1 && setTimeout(() => abort.abort(), 1500)) };
      };
      const table = await everyone(spillway, turn, ({ calls, statuses, codes }) => [calls, statuses[0], codes[0]]);
      expect(table).toEqual(expected(({ family }) => [family === "langchain" ? 3 : 1, 503, "kill_switch_active"]));
      await spillway.admin("DELETE", `brakes/${id}`, { reason: "over" });
    },
    MINUTES,
  );

  test("an error in the middle of a stream is raised, never taken for an end", async () => {
    await provider.play({ mode: "cut_after", afterTokens: 5, times: CLIENTS.length });
    const table = await everyone(
      spillway,
      () => ({ stream: true }),
      ({ calls, error }) => [calls, error !== null],
    );
    expect(table).toEqual(expected(() => [1, true]));
    await provider.play({});
  });

  test(
    "overload: everybody tries again, three times in all",
    async () => {
      await using narrow = await Spillway.run({ SPILLWAY_DOOR: door, CALLS_AT_ONCE: "1" });
      await provider.serve(narrow);
      await provider.play({ mode: "hang_after", afterTokens: 1, times: 1 });
      const abort = new AbortController();
      const running = await narrow.chat(narrow.demo.keys.enterprise, { stream: true }, { signal: abort.signal });
      const table = await everyone(
        narrow,
        () => ({}),
        ({ calls, codes, statuses }) => [calls, codes[0], statuses[0]],
      );
      const status = ({ name }: Client) => (/anthropic/.test(name) ? 529 : 503);
      expect(table).toEqual(expected((client) => [3, "overloaded", status(client)]));
      abort.abort();
      await running.body?.cancel().catch(() => undefined);
    },
    MINUTES,
  );

  test("403: a suspended organisation", async () => {
    // It runs already: this finds it.
    const { url } = await startEmbeddedPostgres(spillway.dataDir);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query("update tenants set status = 'suspended' where slug = 'enterprise'");
    await client.query("insert into policy_versions (actor, change) values ('test', 'suspend')");
    await client.end();
    await until("the suspension", async () => (await spillway.chat(spillway.demo.keys.enterprise)).status === 403);
    const table = await everyone(
      spillway,
      () => ({}),
      ({ calls, statuses, codes }) => [calls, statuses[0], codes[0]],
    );
    expect(table).toEqual(expected(() => [1, 403, "tenant_suspended"]));
  });
});
