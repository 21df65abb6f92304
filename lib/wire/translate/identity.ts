import { createHash } from "node:crypto";

/** A user's name within the other side's length. The same name always gives the same result. */
export function shortUser(name: string, charsMax: number): string {
  return name.length <= charsMax ? name : sha256(name);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const NAME_CHARS_MAX = 64;
const HASH_CHARS = 8;

/** Names of tools in the form that OpenAI accepts, and back. */
export class ToolNames {
  readonly #back = new Map<string, string>();

  /** At most 64 letters, digits, `_` and `-`. Any other name is shortened and marked with its hash. */
  there(name: string): string {
    if (/^[\w-]{1,64}$/.test(name)) return name;
    const readable = name.replace(/[^\w-]/g, "_").slice(0, NAME_CHARS_MAX - HASH_CHARS - 1);
    const short = `${readable}_${sha256(name).slice(0, HASH_CHARS)}`;
    this.#back.set(short, name);
    return short;
  }

  back(name: string): string {
    return this.#back.get(name) ?? name;
  }
}
