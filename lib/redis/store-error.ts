import { type AwayReason, ScriptError, StoreUnavailable } from "@/lib/errors";

/**
 * What an error of the store means. A server that cannot serve now (it loads, fails over, is full, or does not answer)
 * is away. A script's error is our bug or a damaged key: it fails that one request and says nothing about the store.
 * Nothing of the command is kept, because the client's texts repeat keys and arguments.
 */
export function storeError(error: unknown, script: string): StoreUnavailable | ScriptError {
  const text = reasonOf(error);
  const code = codeOf(text);
  if (code === null) return new StoreUnavailable(text, isTimeout(error, text) ? "timeout" : "connection");
  const away = AWAY[code];
  return away === undefined ? new ScriptError(script, text) : new StoreUnavailable(text, away);
}

/** The first line of an error, without the command that the client appends. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  // Redis appends the script and its line, which we may read. The command's keys and arguments are cut off.
  return (text.split(", command was")[0] ?? "").slice(0, 160);
}

/** Redis' error codes that are not the script's fault. */
const AWAY: Readonly<Record<string, AwayReason>> = {
  NOSCRIPT: "restarting",
  LOADING: "restarting",
  BUSY: "busy",
  READONLY: "read_only",
  MASTERDOWN: "read_only",
  NOREPLICAS: "read_only",
  MISCONF: "read_only",
  OOM: "out_of_memory",
  CLUSTERDOWN: "cluster",
  TRYAGAIN: "cluster",
  MOVED: "cluster",
  ASK: "cluster",
  CROSSSLOT: "cluster",
  NOAUTH: "not_allowed",
  WRONGPASS: "not_allowed",
  NOPERM: "not_allowed",
  MAXCLIENTS: "busy",
};

/** The code of an error reply; null when it has none. Older servers put it after the place in the script. */
function codeOf(text: string): string | null {
  const bare = text.replace(/^(?:Reply|Upstash)Error: /, "").replace(/^Command failed: /, "");
  const inside = /(?:^|[\s:])-([A-Z]{3,}) /.exec(bare)?.[1];
  if (inside !== undefined && AWAY[inside] !== undefined) return inside;
  // An error that a script raises without a code still names the script.
  const [, code = /user_script|script: [0-9a-f]{40}/.test(bare) ? "ERR" : null] =
    /^([A-Z]{2,})(?: |$)/.exec(bare) ?? [];
  if (code === "ERR" && /max (?:number of clients|daily request)/.test(bare)) return "MAXCLIENTS";
  return code;
}

function isTimeout(error: unknown, text: string): boolean {
  return /timed out|timeout/i.test(text) || (error instanceof Error && /^(?:Timeout|Abort)Error$/.test(error.name));
}
