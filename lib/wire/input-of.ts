import { PublicError } from "@/lib/errors";
import { newReading, pdfPages, type Reading } from "./counting/pdf-pages";
import { isObject, listOf, member, textOf } from "./json/object";
import { placeOf } from "./open/picture-address";

/** What a provider counts as input of a body: its text piece by piece, and everything else as pictures. */
export type Input = { readonly texts: readonly string[]; readonly pictures: number };

/**
 * Reads the whole body. All of it counts, under any name and at any place, except for what is known to be free: the
 * settings of a call, the names that form a message, and short identifiers. Text in a member that this file does not
 * know counts with the member's name. Media count by their own rule: of a PDF the pages are searched for, and nothing
 * else is opened. Throws PublicError for the address of a medium or a tool's server in our own network: a provider there
 * would read it for the caller.
 */
export function inputOf(body: Readonly<Record<string, unknown>>): Input {
  const found: Found = { texts: [], pictures: 0, addresses: 0, reading: newReading() };
  for (const [name, value] of Object.entries(body)) {
    if (FREE_PARAMETERS.has(name) || (SETTINGS.has(name) && isShort(value))) continue;
    if (CONVERSATION.has(name)) readValue(value, found);
    else found.texts.push(asText(value));
  }
  for (const tool of listOf(body.tools)) refuseInner("server_url", member(tool, "server_url"), found);
  for (const server of listOf(body.mcp_servers)) refuseInner("url", member(server, "url"), found);
  return { texts: found.texts, pictures: found.pictures };
}

function refuseInner(param: string, value: unknown, found: Found): void {
  if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) refuseInner(param, inner, found);
  if (typeof value !== "string") return;
  const place = placeOf(value);
  if (place === "inner") throw new PublicError("invalid_value", `${param} must be a public address.`, { param });
  if (place === "public") found.addresses += 1;
  if (found.addresses > ADDRESSES_MAX) throw tooManyAddresses();
}

/** To judge one takes microseconds. No provider reads more media in one call. */
export const ADDRESSES_MAX = 4000;

export function tooManyAddresses(): PublicError {
  return new PublicError("json_too_complex", `The request body names more than ${ADDRESSES_MAX} addresses.`);
}

type Found = { readonly texts: string[]; pictures: number; addresses: number; readonly reading: Reading };

/** Never read by a model: numbers, switches, labels. Their sizes are bounded by their parsers. */
const FREE_PARAMETERS: ReadonlySet<string> = new Set([
  ...["model", "stream", "stream_options", "user", "metadata", "n", "max_tokens", "max_completion_tokens"],
  ...["max_output_tokens", "max_tool_calls", "parallel_tool_calls", "temperature", "top_p", "top_k", "min_p", "seed"],
  ...["presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias", "logprobs", "top_logprobs"],
  ...["service_tier", "store", "background", "truncation", "reasoning_effort", "verbosity", "safety_identifier"],
  ...["prompt_cache_key", "prompt_cache_retention", "previous_response_id"],
]);

/** Free up to the length of a setting; a longer value counts as text. */
const SETTINGS: ReadonlySet<string> = new Set([
  ...["tool_choice", "stop", "stop_sequences", "thinking", "reasoning", "include", "cache_control"],
  ...["context_management"],
]);
const SETTING_CHARS_MAX = 256;

const CONVERSATION: ReadonlySet<string> = new Set(["messages", "input", "system", "instructions", "prediction"]);

/** Names that form messages and blocks. Their values are read; values under any other name count as JSON. */
const FORM: ReadonlySet<string> = new Set([
  ...["role", "type", "id", "tool_call_id", "tool_use_id", "call_id", "status", "media_type", "detail", "format"],
  ...["content", "text", "name", "refusal", "thinking", "summary", "output", "arguments", "cache_control", "is_error"],
  ...["image_url", "url", "source", "data", "file", "file_id", "file_url", "file_data", "input_audio", "result"],
]);

/** Members whose values are identifiers or one of a few words. They are free if they look like one. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  ...["role", "type", "id", "tool_call_id", "tool_use_id", "call_id", "status", "media_type", "detail", "format"],
  "file_id",
]);
const IDENTIFIER = /^[\w.:/+-]{1,64}$/;

function readValue(value: unknown, found: Found, name = ""): void {
  if (typeof value === "string") {
    if (!(IDENTIFIERS.has(name) && IDENTIFIER.test(value))) found.texts.push(value);
  } else if (Array.isArray(value)) {
    for (const one of value) {
      if (typeof one === "object" && one !== null) readValue(one, found);
      else found.texts.push(String(one));
    }
  } else if (isObject(value)) {
    for (const [key, inner] of Object.entries(value)) readMember(value, key, inner, found);
  } else if (typeof value === "number") found.texts.push(String(value));
}

function readMember(owner: Record<string, unknown>, name: string, value: unknown, found: Found): void {
  if (!FORM.has(name)) readOther(name, value, found);
  else if (name === "source") readSource(owner, value, found);
  else if (name === "image_url") readPicture(value, found);
  else if (name === "file_url" || name === "file_id") {
    found.pictures += owner.type === "input_image" ? 1 : DOCUMENT_PICTURES;
    readAddress(value, found, name);
  } else if (name === "file_data") readFile(value, found);
  else if (name === "input_audio") readAudio(value, found);
  else if (name === "result" && owner.type === "image_generation_call" && isBase64(value)) found.pictures += 1;
  else readValue(value, found, name);
}

/** Names under which other kinds of part have their media. */
const MEDIA = /(?:^|_)(?:url|uri|video|audio|document|media)s?$/i;
const ADDRESS = /\b(?:https?|gs|s3):\/\//gi;

/** A member that this file does not know. The provider may fetch what it names: each address counts as a document. */
function readOther(name: string, value: unknown, found: Found): void {
  const text = asText(value);
  found.texts.push(name, text);
  if (!MEDIA.test(name)) return;
  refuseInner(name, value, found);
  found.pictures += DOCUMENT_PICTURES * (text.match(ADDRESS)?.length ?? 0);
}

/** The least that a document counts as. */
const DOCUMENT_PICTURES = 5;
/** A picture counts 3,000 tokens, so this is one token for 16 characters: a page of text takes some 20,000. */
const BASE64_CHARS_OF_DOCUMENT = 48_000;
/** One token for 32 characters: at ten tokens a second that is sound of 2 kbit/s, less than any format takes. */
const BASE64_CHARS_OF_SOUND = 96_000;
const ADDRESS_CHARS_MAX = 2048;

/** "%PDF-" in base64: some providers look at the content, whatever type is named. */
const PDF = "JVBERi";

function picturesIn(data: string, found: Found): number {
  return data.startsWith(PDF) ? documentPictures(data, found) : 1;
}

function readPicture(value: unknown, found: Found): void {
  found.pictures += picturesIn(dataUrl(isObject(value) ? value.url : value).data, found);
  if (isObject(value)) {
    const { url, ...rest } = value;
    readAddress(url, found, "");
    readValue(rest, found);
  } else readAddress(value, found, "");
}

/** Anthropic's images and documents. A source of text counts as text. */
function readSource(owner: Record<string, unknown>, source: unknown, found: Found): void {
  if (!isObject(source) || source.type === "text" || source.type === "content") {
    readValue(source, found);
    return;
  }
  const { data, url, file_id: file, ...rest } = source;
  const isImage = owner.type === "image" && source.media_type !== "application/pdf";
  found.pictures += isImage ? picturesIn(textOf(data), found) : documentPictures(data, found);
  if (source.type === "base64" && isBase64(data) && isMedia(source.media_type)) readValue(rest, found);
  else readValue({ ...rest, ...(data === undefined ? {} : { data }) }, found);
  readAddress(url, found, "");
  readAddress(file, found, "file_id");
}

function isMedia(type: unknown): boolean {
  return type === "application/pdf" || textOf(type).startsWith("image/");
}

function readFile(value: unknown, found: Found): void {
  const { head, data } = dataUrl(value);
  found.pictures += documentPictures(data, found);
  if (head !== "data:application/pdf;base64" || !isBase64(data)) readValue(value, found);
}

function readAudio(value: unknown, found: Found): void {
  const data = member(value, "data");
  if (!isObject(value) || !isBase64(data)) {
    readValue(value, found);
    return;
  }
  const { data: _sound, ...rest } = value;
  found.pictures += Math.ceil(textOf(data).length / BASE64_CHARS_OF_SOUND);
  readValue(rest, found);
}

/** By its size and its pages: a small file may hold many. */
function documentPictures(data: unknown, { reading }: Found): number {
  const text = textOf(data);
  const bySize = Math.ceil(text.length / BASE64_CHARS_OF_DOCUMENT);
  return Math.max(DOCUMENT_PICTURES, bySize, pdfPages(text, reading));
}

/** An address or an inline picture: free when it looks like one, else text. Throws PublicError for an inner address. */
function readAddress(value: unknown, found: Found, name: string): void {
  refuseInner(name || "url", value, found);
  const { head, data } = dataUrl(value);
  const isPicture = /^data:image\/[\w.+-]{1,64};base64$/.test(head) && isBase64(data);
  const isAddress = /^https:\/\/\S+$/.test(textOf(value)) && textOf(value).length <= ADDRESS_CHARS_MAX;
  if (!isPicture && !isAddress) readValue(value, found, name);
}

function dataUrl(value: unknown): { head: string; data: string } {
  const text = textOf(value);
  const comma = text.indexOf(",");
  return comma < 0 ? { head: "", data: "" } : { head: text.slice(0, comma), data: text.slice(comma + 1) };
}

/** Cut first: where either part could match the end of a line, a pattern tries every way to divide megabytes of them. */
function isBase64(value: unknown): boolean {
  return typeof value === "string" && /^[A-Za-z0-9+/_\r\n-]+={0,2}$/.test(value.trimEnd());
}

function isShort(value: unknown): boolean {
  return asText(value).length <= SETTING_CHARS_MAX;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
