import { PublicError } from "@/lib/errors";
import { isObject, listOf, member, textOf } from "../json/object";
import type { MadeThing } from "./made-things";

/** What a provider keeps and a body may name: an answer, a part of one, or something that several calls share. */
export type StoredKind = MadeThing["kind"] | "response" | "message" | "file";
export type StoredThing = { readonly kind: StoredKind; readonly id: string; readonly param: string };

type Body = Readonly<Record<string, unknown>>;

/** The most that one list of a body may have. */
const THINGS_MAX = 10_000;
const ID = /^[\x20-\x7e]{1,256}$/;

/**
 * The provider-kept things that a body names, at any place; each once. The guard bounds the depth. Stored prompts, vector
 * stores and skills are excluded: callers cannot make them here, so they are the operator's. `bytes` are those that the body
 * was read from; without them the whole body is searched. Throws PublicError when there is too much to look up.
 */
export function storedThingsIn(body: Body, bytes?: Uint8Array): readonly StoredThing[] {
  const found = new Map<string, StoredThing>();
  const add = (kind: StoredKind, id: unknown, param: string) => {
    const text = textOf(id).trim();
    // No provider's id looks different, and looking up such a text could fail for all others with it.
    if (!ID.test(text) || found.has(text)) return;
    if (found.size >= THINGS_MAX)
      throw new PublicError("json_too_complex", `The request body names more than ${THINGS_MAX} stored things.`);
    found.set(text, { kind, id: text, param });
  };
  addNamedAtTop(body, add);
  addItems(body.input, add);
  for (const message of listOf(body.messages))
    add("sound", member(member(message, "audio"), "id"), "messages[].audio.id");
  if (mayName(bytes)) addNamedInside(body, add);
  return [...found.values()];
}

type Add = (kind: StoredKind, id: unknown, param: string) => void;

function addNamedAtTop(body: Body, add: Add): void {
  const { previous_response_id: previous, conversation, thread, diagnostics, container, prompt_cache_options } = body;
  add("response", previous, "previous_response_id");
  add(
    "response",
    member(prompt_cache_options, "comparison_response_id"),
    "prompt_cache_options.comparison_response_id",
  );
  add("conversation", idOf(conversation), "conversation");
  add("message", member(thread, "previous_message_id"), "thread.previous_message_id");
  add("message", member(diagnostics, "previous_message_id"), "diagnostics.previous_message_id");
  add("container", idOf(container), "container");
  if (!Array.isArray(body.tools)) return;
  for (const tool of body.tools) if (isObject(tool)) add("container", tool.container, "tools[].container");
}

/**
 * Items of earlier responses. An item with all of its content is read as it stands; for any other, the provider reads
 * what it stores under the id.
 */
function addItems(input: unknown, add: Add): void {
  for (const item of listOf(input)) {
    if (!isObject(item)) continue;
    add("item", item.approval_request_id, "input[].approval_request_id");
    const said = Object.hasOwn(SAYS_ALL, textOf(item.type) || "message") && SAYS_ALL[textOf(item.type) || "message"];
    if (!said || isAbsent(item[said])) add("item", item.id, "input[].id");
  }
}

const isAbsent = (value: unknown) => value === undefined || value === null || value === "";

/** The member that has the whole content of an item, by type. */
const SAYS_ALL: Readonly<Record<string, string>> = {
  message: "content",
  reasoning: "encrypted_content",
  compaction: "encrypted_content",
  function_call: "arguments",
  function_call_output: "output",
  custom_tool_call: "input",
  custom_tool_call_output: "output",
  local_shell_call: "action",
  local_shell_call_output: "output",
  shell_call: "action",
  shell_call_output: "output",
  apply_patch_call: "operation",
};

/** Some are named by their id alone, others by an object with the id. */
function idOf(value: unknown): unknown {
  return isObject(value) ? value.id : value;
}

/** Members that name a thing by its provider's id, at any depth. */
const MEMBERS: Readonly<Record<string, StoredKind>> = {
  file_id: "file",
  file_ids: "file",
  input_file_id: "file",
  container_id: "container",
};

function addNamedInside(value: unknown, add: Add): void {
  if (Array.isArray(value)) for (const item of value) addNamedInside(item, add);
  if (!isObject(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const kind = Object.hasOwn(MEMBERS, name) ? MEMBERS[name] : undefined;
    if (kind === undefined) addNamedInside(inner, add);
    else for (const id of Array.isArray(inner) ? inner : [inner]) add(kind, id, name);
  }
}

/** Whether bytes of JSON may have such a member: a check that costs nothing compared with reading them. */
function mayName(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined) return true;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // An escape may stand for any letter of a name.
  return text.includes("file_id") || text.includes("container_id") || text.includes("\\u");
}
