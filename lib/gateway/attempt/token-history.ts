import { LRUCache } from "lru-cache";
import { LEARNED_MAX, type LearnedInsert } from "@/db/queries/books/learned";
import { learnedInput, learnedReserve } from "@/lib/limits/ladder/ladder";

/** Similar calls: same tenant, feature and model. */
export type Kind = { readonly tenantId: string; readonly feature: string | null; readonly model: string };

/** The usage of one completed and billed call. */
type Completed = {
  readonly estimatedInputTokens: number;
  readonly inputTokens: number;
  /** per choice; null = unknown, because the answer was cut short */
  readonly outputTokens: number | null;
};

type Sample = { readonly output: number | null; readonly ratio: number | null };
type Figures = { readonly outputs: readonly number[]; readonly inputRatios: readonly number[] };
type Unsent = { readonly kind: Kind; readonly samples: Sample[] };

const NOTHING: Figures = { outputs: [], inputRatios: [] };

/**
 * Usage of recent calls of each kind: the shared history of all processes, and this process's part that is not shared
 * yet (`shareTokenHistory` syncs both). It decides how much is reserved and how an unreported input is estimated, never
 * what is charged for reported usage. The number of running calls is this process's own count: a process that counts
 * fewer reserves more.
 */
export class TokenHistory {
  readonly #told = new LRUCache<string, Figures>({ max: KINDS_MAX });
  /** Both together, with the counted part. */
  readonly #recent = new LRUCache<string, Figures>({ max: KINDS_MAX });
  readonly #unsent = new Map<string, Unsent>();
  readonly #running = new Map<string, number>();

  /** A call of this kind starts. Returns a function for its end, which may be called twice. */
  enter(kind: Kind): () => void {
    const id = idOf(kind);
    const count = (by: number) => {
      const now = (this.#running.get(id) ?? 0) + by;
      if (now > 0) this.#running.set(id, now);
      else this.#running.delete(id);
    };
    count(1);
    let isOver = false;
    return () => {
      if (!isOver) count(-1);
      isOver = true;
    };
  }

  add(kind: Kind, { estimatedInputTokens, inputTokens, outputTokens }: Completed): void {
    const id = idOf(kind);
    // While the database is away, the oldest calls and new kinds are dropped. The ledger stays complete.
    if (!this.#unsent.has(id) && this.#unsent.size >= KINDS_MAX) return;
    const ratio =
      estimatedInputTokens > 0 ? Math.min(RATIO_MAX, Math.ceil((inputTokens * 1000) / estimatedInputTokens)) : null;
    const known = this.#unsent.get(id);
    const samples = known?.samples ?? [];
    if (known === undefined) this.#unsent.set(id, { kind, samples });
    samples.push({ output: outputTokens, ratio });
    if (samples.length > LEARNED_MAX) samples.shift();
    // Combined on demand, because most callers never ask.
    this.#recent.delete(id);
  }

  /** The shared history of a kind, from the database. */
  learn({ tenantId, feature, model, outputs, inputRatios }: LearnedInsert): void {
    const id = idOf({ tenantId, feature: feature === "" ? null : feature, model });
    this.#told.set(id, { outputs, inputRatios });
    this.#recent.delete(id);
  }

  /** The part that is not shared yet, for at most `most` kinds; `sent` marks it as shared. */
  unsent(most: number): { rows: LearnedInsert[]; sent(): void } {
    const taken = [...this.#unsent].slice(0, most).map(([id, { kind, samples }]) => {
      return [id, { kind, samples: [...samples] }] as const;
    });
    return {
      rows: taken.map(([, { kind, samples }]) => ({ ...kind, feature: kind.feature ?? "", ...figuresOf(samples) })),
      sent: () => {
        for (const [id, { kind, samples }] of taken) {
          // The own part still counts until the shared history is read again.
          this.#of(kind);
          const told = new Set(samples);
          const left = (this.#unsent.get(id)?.samples ?? []).filter((sample) => !told.has(sample));
          if (left.length === 0) this.#unsent.delete(id);
          else this.#unsent.set(id, { kind, samples: left });
        }
      },
    };
  }

  /** Output tokens to hold for a call of this kind that may use up to `most`, per choice. */
  reserve(kind: Kind, most: number): number {
    // The call itself is already counted.
    return learnedReserve(this.#of(kind).outputs, most, Math.max(0, (this.#running.get(idOf(kind)) ?? 0) - 1));
  }

  /** Input tokens to hold for a call of this kind. */
  reservedInput(kind: Kind, estimate: number): number {
    return learnedInput(this.#of(kind).inputRatios, estimate);
  }

  /** The input tokens of a call without a report, from its estimate and the usual ratio of such estimates. */
  inputTokens(kind: Kind, estimate: number): number {
    const { inputRatios } = this.#of(kind);
    if (inputRatios.length < SAMPLES_MIN) return estimate;
    const mean = inputRatios.reduce((total, ratio) => total + ratio, 0) / inputRatios.length;
    return Math.round((estimate * Math.min(RATIO.most, Math.max(RATIO.least, mean))) / 1000);
  }

  #of(kind: Kind): Figures {
    const id = idOf(kind);
    const known = this.#recent.get(id);
    if (known !== undefined) return known;
    const told = this.#told.get(id) ?? NOTHING;
    const own = this.#unsent.get(id);
    if (own === undefined) return told;
    const { outputs, inputRatios } = figuresOf(own.samples);
    const figures = {
      outputs: [...told.outputs, ...outputs].slice(-LEARNED_MAX),
      inputRatios: [...told.inputRatios, ...inputRatios].slice(-LEARNED_MAX),
    };
    this.#recent.set(id, figures);
    return figures;
  }
}

const KINDS_MAX = 20_000;
const SAMPLES_MIN = 5;
/** Thousandths. No estimate of a measured text is further off. */
const RATIO = { least: 100, most: 2000 };
/** Extra billed tokens (tools, the provider's system prompt) say little about the text, so the ratio is capped here. */
const RATIO_MAX = 100_000;

function figuresOf(samples: readonly Sample[]): { outputs: number[]; inputRatios: number[] } {
  return {
    outputs: samples.flatMap(({ output }) => output ?? []),
    inputRatios: samples.flatMap(({ ratio }) => ratio ?? []),
  };
}

/** Caller-chosen names may contain any character, so the length of the first name marks where the second starts. */
function idOf({ tenantId, feature, model }: Kind): string {
  return `${tenantId} ${model.length} ${model}${feature === null ? "" : `=${feature}`}`;
}
