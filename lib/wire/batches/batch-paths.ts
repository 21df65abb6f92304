import type { Endpoint } from "../call";

/** The operation at a path of files and batches. */
export type KeptPath = {
  readonly dialect: "openai" | "anthropic";
  readonly kind: "file" | "batch";
  readonly verb: "create" | "list" | "show" | "remove" | "cancel" | "content";
  /** null = all of them */
  readonly id: string | null;
  readonly endpoint: Endpoint;
};

const FILES = /^\/v1\/files(?:\/([\w-]{1,128})(\/content)?)?$/;
const BATCHES = /^\/v1\/batches(?:\/([\w-]{1,128})(\/cancel)?)?$/;
const MESSAGE_BATCHES = /^\/v1\/messages\/batches(?:\/([\w-]{1,128})(\/cancel|\/results)?)?$/;

type Methods = Readonly<Partial<Record<"GET" | "POST" | "DELETE", KeptPath>>>;

/** The allowed operations at a path, by method; undefined = another path. The path of files is the same in both dialects. */
export function keptMethods(path: string, isAnthropic: boolean): Methods | undefined {
  const files = FILES.exec(path);
  if (files !== null) {
    const [, id = null, rest = ""] = files;
    const dialect = isAnthropic ? "anthropic" : "openai";
    return filesMethods({ dialect, kind: "file", id, endpoint: isAnthropic ? "message_files" : "files" }, rest);
  }
  const batches = BATCHES.exec(path);
  if (batches !== null) {
    const [, id = null, rest = ""] = batches;
    return batchMethods({ dialect: "openai", kind: "batch", id, endpoint: "batches_stored" }, "batches", rest);
  }
  const messages = MESSAGE_BATCHES.exec(path);
  if (messages === null) return undefined;
  const [, id = null, rest = ""] = messages;
  const at = { dialect: "anthropic", kind: "batch", id, endpoint: "message_batches_stored" } as const;
  return batchMethods(at, "message_batches", rest);
}

type Place = Omit<KeptPath, "verb">;

function filesMethods(at: Place, rest: string): Methods {
  if (at.id === null) return { GET: { ...at, verb: "list" }, POST: { ...at, verb: "create" } };
  if (rest === "/content") return { GET: { ...at, verb: "content" } };
  return { GET: { ...at, verb: "show" }, DELETE: { ...at, verb: "remove" } };
}

function batchMethods(at: Place, creating: Endpoint, rest: string): Methods {
  if (at.id === null) return { GET: { ...at, verb: "list" }, POST: { ...at, endpoint: creating, verb: "create" } };
  if (rest === "/cancel") return { POST: { ...at, verb: "cancel" } };
  if (rest === "/results") return { GET: { ...at, verb: "content" } };
  const show: Methods = { GET: { ...at, verb: "show" } };
  return at.dialect === "anthropic" ? { ...show, DELETE: { ...at, verb: "remove" } } : show;
}
