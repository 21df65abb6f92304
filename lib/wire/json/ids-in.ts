import { isObject } from "./object";

/** Members that name a file by its provider's id. */
const FILE_MEMBERS: ReadonlySet<string> = new Set(["file_id", "file_ids", "input_file_id"]);
/** More files than any vendor takes with one call. */
const IDS_MAX = 500;

/** The ids of files that a body names, wherever they stand; each once. Its depth is bounded by the guard. */
export function fileIdsIn(body: unknown): readonly string[] {
  const ids = new Set<string>();
  collect(body, ids);
  return [...ids];
}

function collect(value: unknown, ids: Set<string>): void {
  if (ids.size >= IDS_MAX) return;
  if (Array.isArray(value)) for (const item of value) collect(item, ids);
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!FILE_MEMBERS.has(name)) collect(inner, ids);
    else for (const id of Array.isArray(inner) ? inner : [inner]) if (typeof id === "string") ids.add(id);
  }
}

/** Whether bytes of JSON may name a file: a look that costs nothing beside the reading of them. */
export function mayNameFiles(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // An escape may stand for any letter of a name.
  return text.includes("file_id") || text.includes("\\u");
}
