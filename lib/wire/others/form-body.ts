import { isUtf8 } from "node:buffer";
import { PublicError } from "@/lib/errors";
import { hasNul } from "../json/stored-text";

/** One part of a form, by the byte positions of its content. */
export type FormPart = {
  readonly name: string;
  /** null = a plain field */
  readonly filename: string | null;
  readonly start: number;
  readonly end: number;
};

export type FormBody = {
  /** as received: it names the boundary */
  readonly contentType: string;
  readonly parts: readonly FormPart[];
};

const PARTS_MAX = 64;
const HEADER_BYTES_MAX = 2048;
const BOUNDARY = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=? -]{1,70})"|([\w'+.-]{1,70}))$/i;
const DISPOSITION = /^form-data; name="([^"\\\r\n]{1,128})"(?:; filename="([^"\r\n]{0,255})")?$/i;

/** Whether a content-type header is a form with one boundary, named as RFC 7578 says. */
export function isFormType(header: string | undefined): boolean {
  return BOUNDARY.test(header?.trim() ?? "");
}

/**
 * The parts of a form (RFC 7578), in one pass. Strict, because a provider reads the same bytes again: a form that two
 * readers could read differently is refused, not repaired. Throws PublicError.
 */
export function formBody(bytes: Uint8Array, contentType: string): FormBody {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [, quoted, token] = BOUNDARY.exec(contentType.trim()) ?? [];
  const delimiter = `\r\n--${quoted ?? token ?? ""}`;
  const opening = delimiter.slice(2);
  if (body.subarray(0, opening.length).toString("latin1") !== opening) throw invalid("it does not start with a part");
  const parts: FormPart[] = [];
  for (let at = opening.length; ; ) {
    const mark = body.toString("latin1", at, at + 2);
    if (mark === "--") return { contentType, parts };
    if (mark !== "\r\n") throw invalid("a boundary does not end its line");
    if (parts.length >= PARTS_MAX) throw invalid(`it has more than ${PARTS_MAX} parts`);
    const start = body.indexOf("\r\n\r\n", at) + 4;
    const end = body.indexOf(delimiter, start - 2);
    if (start < 4 || start - at > HEADER_BYTES_MAX) throw invalid("a part's headers do not end");
    if (end < start) throw invalid("a part does not end");
    parts.push({ ...namesIn(body.toString("utf8", at + 2, start - 4)), start, end });
    at = end + delimiter.length;
  }
}

/** The plain fields of a form, without repeated names, which are arrays. Throws on text that is not UTF-8. */
export function fieldsOf(bytes: Uint8Array, { parts }: FormBody): Record<string, string> {
  const plain = parts.filter(({ filename }) => filename === null);
  const fields: Record<string, string> = {};
  for (const { name, start, end } of plain) {
    if (name.endsWith("[]")) continue;
    if (Object.hasOwn(fields, name)) throw invalid(`the field ${JSON.stringify(name)} appears twice`, name);
    fields[name] = textOf(bytes.subarray(start, end), name);
  }
  return fields;
}

/** The form with other values of some of its fields; every other byte stays. */
export function formWith(
  bytes: Uint8Array,
  { parts }: FormBody,
  values: Readonly<Record<string, string | undefined>>,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const { name, filename, start, end } of parts) {
    const value = filename === null && Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) continue;
    pieces.push(bytes.subarray(from, start), Buffer.from(value));
    from = end;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
}

function namesIn(headers: string): Pick<FormPart, "name" | "filename"> {
  const lines = headers.split("\r\n").map((line) => line.trim());
  const dispositions = lines.filter((line) => /^content-disposition\s*:/i.test(line));
  const [disposition = ""] = dispositions;
  const found = DISPOSITION.exec(disposition.replace(/^content-disposition\s*:\s*/i, ""));
  const name = found?.[1];
  if (dispositions.length !== 1 || name === undefined) throw invalid("a part has no name");
  if (lines.some((line) => /^content-transfer-encoding\s*:/i.test(line)))
    throw invalid("a part has a transfer encoding");
  return { name, filename: found?.[2] ?? null };
}

function textOf(bytes: Uint8Array, name: string): string {
  const text = Buffer.from(bytes).toString("utf8");
  if (!isUtf8(bytes) || hasNul(text)) throw invalid(`the field ${JSON.stringify(name)} is not UTF-8 text`, name);
  return text;
}

function invalid(why: string, param?: string): PublicError {
  return new PublicError("invalid_body", `The form cannot be read: ${why}.`, param === undefined ? {} : { param });
}
