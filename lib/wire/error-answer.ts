import type { ErrorCode, PassedError } from "@/lib/errors";

/** An error before a dialect formats it. */
export type ErrorAnswer = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly param: string | null;
  readonly requestId: string;
  /** Replaces the code's usual `type`, as OpenAI does for rate limits ("requests", "tokens"). */
  readonly type?: string | undefined;
  /** Further members of the error object: layer, dimension, limit, remaining, asked, … */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** A provider's words that mean the same to the caller. */
  readonly passed?: PassedError | null | undefined;
};
