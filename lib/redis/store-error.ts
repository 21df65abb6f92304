import { type AwayReason, ScriptError, StoreUnavailable } from "@/lib/errors";

/**
 * What an error of the store means. A server that cannot serve now (it loads, fails over, is full, or does not answer) is
 * away. An error that a script ran into is a bug of ours or a damaged key: it is that one request's, and says nothing
 * about the store. Nothing of the command is kept, as the client's texts repeat keys and arguments.
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
  // Redis appends the script and the line in it; those are ours to read, the command's keys and arguments are nobody's.
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

/** The code of an error reply; null when it is none. Older servers put it behind the place in the script. */
function codeOf(text: string): string | null {
  const bare = text.replace(/^(?:Reply|Upstash)Error: /, "").replace(/^Command failed: /, "");
  const inside = /(?:^|[\s:])-([A-Z]{3,}) /.exec(bare)?.[1];
  if (inside !== undefined && AWAY[inside] !== undefined) return inside;
  // An error that a script raises without a code of its own still names the script.
  const [, code = /user_script|script: [0-9a-f]{40}/.test(bare) ? "ERR" : null] =
    /^([A-Z]{2,})(?: |$)/.exec(bare) ?? [];
  if (code === "ERR" && /max (?:number of clients|daily request)/.test(bare)) return "MAXCLIENTS";
  return code;
}

function isTimeout(error: unknown, text: string): boolean {
  return /timed out|timeout/i.test(text) || (error instanceof Error && /^(?:Timeout|Abort)Error$/.test(error.name));
}
