import { z } from "zod";
import { DAY_SECONDS } from "@/lib/clock";

/**
 * The simulator's behaviour for the next calls. `times` calls behave like this, then it returns to normal. Absent
 * members keep their normal value.
 */
export const behaviour = z.strictObject({
  mode: z
    .enum([
      "normal",
      "rate_limited",
      "server_error",
      "hang",
      "hang_after",
      "cut_after",
      "no_usage",
      "overstates_usage",
      "refuses_usage",
      "garbage_after",
      "endless",
    ])
    .default("normal"),
  /** Only calls for this model. */
  model: z.string().optional(),
  times: z.number().int().min(1).default(1_000_000_000),
  /** Tokens before hang_after, cut_after and garbage_after take effect. */
  afterTokens: z.number().int().min(0).default(5),
  /** Tokens of a normal answer, before max_tokens cuts it. */
  outputTokens: z.number().int().min(0).max(100_000).default(24),
  /** Pause between streamed tokens. */
  tokenMs: z.number().int().min(0).max(60_000).default(0),
  /** Pause before the answer begins. */
  firstTokenMs: z.number().int().min(0).max(60_000).default(0),
  /** Sent with rate_limited. */
  retryAfterSeconds: z.number().int().min(0).max(DAY_SECONDS).default(7),
});

export type Behaviour = z.infer<typeof behaviour>;

/** One call as the provider bills it: ledgers are compared with it. */
export type Bill = {
  readonly requestId: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly status: number;
  readonly aborted: boolean;
};

/** The simulator's memory: the active script, and its bills. */
export class Script {
  readonly bills: Bill[] = [];
  /** credentials seen in calls, each once */
  readonly credentials = new Set<string>();
  /** tokens streamed since the start, over all calls */
  streamed = 0;
  #current: Behaviour = behaviour.parse({});
  #left = 0;

  play(next: Behaviour): void {
    this.#current = next;
    this.#left = next.times;
  }

  /** The behaviour for one call of a model. */
  take(model: string): Behaviour {
    const applies = this.#left > 0 && (this.#current.model === undefined || this.#current.model === model);
    if (!applies) return behaviour.parse({});
    this.#left -= 1;
    return this.#current;
  }
}
