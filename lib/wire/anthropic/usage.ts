import { isObject } from "../json/object";
import { tokenCount, type Usage } from "../usage";

/**
 * Anthropic's usage, gathered over an answer. Its `input_tokens` leave cached input out: all three kinds are added up.
 * Output counts are cumulative, so the largest wins; they are never summed.
 */
export class AnthropicUsage {
  #input: number | undefined;
  #cacheRead = 0;
  #cacheWrite = 0;
  #output: number | undefined;

  take(value: unknown): void {
    if (!isObject(value)) return;
    const larger = (known: number, next: unknown) => Math.max(known, tokenCount(next) ?? 0);
    const input = tokenCount(value.input_tokens);
    if (input !== undefined) this.#input = Math.max(this.#input ?? 0, input);
    this.#cacheRead = larger(this.#cacheRead, value.cache_read_input_tokens);
    this.#cacheWrite = larger(this.#cacheWrite, value.cache_creation_input_tokens);
    const output = tokenCount(value.output_tokens);
    if (output !== undefined) this.#output = Math.max(this.#output ?? 0, output);
  }

  /** null until both sides have been told. */
  usage(): Usage | null {
    if (this.#input === undefined || this.#output === undefined) return null;
    return {
      inputTokens: this.#input + this.#cacheRead + this.#cacheWrite,
      cachedInputTokens: this.#cacheRead,
      outputTokens: this.#output,
    };
  }
}
