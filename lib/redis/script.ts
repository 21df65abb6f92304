import { createHash } from "node:crypto";

/** A Lua script with the hash that EVALSHA names it by. */
export type Script = { readonly text: string; readonly sha: string };

/**
 * With this first line, Upstash runs a script under the lock of its declared keys only; stock Redis refuses the flag.
 * Scripts contain the line, and the RESP transport removes it.
 */
export const KEY_LOCKING = "#!lua flags=allow-key-locking\n";

export function makeScript(body: string): Script {
  const text = `${KEY_LOCKING}${body}`;
  return { text, sha: sha1(text) };
}

export function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}
