import { PublicError } from "@/lib/errors";
import { asksOf } from "../asks";
import type { Call, OtherEndpoint } from "../call";
import { inputOf } from "../input-of";
import { fieldFault, withoutNulls } from "../json/field-fault";
import { isObject } from "../json/object";
import { hasNul } from "../json/stored-text";
import { refuseClosed } from "../open/open-list";
import { type FileSizes, OTHERS, type OtherAsked } from "./endpoints";
import { type FormBody, fieldsOf } from "./form-body";

/** A guarded JSON object to a Call, by the row of its endpoint. Throws PublicError with the field's name. */
export function parseOther(endpoint: OtherEndpoint, json: Readonly<Record<string, unknown>>): Call {
  const body = withoutNulls(json);
  const { texts, pictures } = inputOf(body);
  return { ...callOf(endpoint, body, []), inputTexts: texts, imageCount: pictures };
}

/** The same for a form, whose files count by their size. */
export function parseForm(endpoint: OtherEndpoint, bytes: Uint8Array, form: FormBody): Call {
  const fields = fieldsOf(bytes, form);
  const files = form.parts
    .filter(({ filename }) => filename !== null)
    .map(({ name, start, end }) => ({ name, bytes: end - start }));
  refuseOddNames(endpoint, form);
  const { fileTokens, pictures } = OTHERS[endpoint];
  return {
    ...callOf(endpoint, fields, files),
    inputTexts: Object.entries(fields).flatMap(([name, value]) => (name === "model" ? [] : [value])),
    inputTokenIds: fileTokens?.(files) ?? 0,
    imageCount: pictures?.(files) ?? 0,
    form,
  };
}

/** Of a list or a file with the name of a field, a provider may read the field. */
function refuseOddNames(endpoint: OtherEndpoint, { parts }: FormBody): void {
  const lists = parts.filter(({ name }) => name.endsWith("[]"));
  refuseClosed(endpoint, Object.fromEntries(lists.map(({ name }) => [name, ""])));
  const file = parts.find(({ name, filename }) => filename !== null && OTHERS[endpoint].fields.has(name));
  if (file !== undefined)
    throw new PublicError("invalid_type", `The field "${file.name}" must not be a file.`, { param: file.name });
}

function callOf(
  endpoint: OtherEndpoint,
  body: Readonly<Record<string, unknown>>,
  files: FileSizes,
): Omit<Call, "inputTexts" | "imageCount"> {
  const { shape, output, pieces, answersEach = () => 1 } = OTHERS[endpoint];
  const parsed = shape.safeParse(body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, {});
  refuseClosed(endpoint, body);
  const asked = parsed.data;
  return {
    endpoint,
    model: asked.model,
    stream: asked.stream === true || asked.stream === "true",
    wantsUsage: isObject(asked.stream_options) && asked.stream_options.include_usage === true,
    maxOutputTokens: output === "none" ? 0 : numberOf(asked, "max_tokens"),
    choices: (numberOf(asked, "n") ?? 1) * answersEach(asked),
    user: userOf(asked),
    messageCount: 0,
    asks: { ...asksOf(body), pieces: pieces(asked, files) },
    body,
  };
}

/** Also where the endpoint's reference has none. Throws PublicError for one that the books cannot keep. */
function userOf({ user }: OtherAsked): string | null {
  if (typeof user !== "string") return null;
  if (user.length <= USER_CHARS_MAX && !hasNul(user)) return user;
  throw new PublicError("invalid_value", `user must have at most ${USER_CHARS_MAX} characters, and no U+0000.`, {
    param: "user",
  });
}

const USER_CHARS_MAX = 512;

function numberOf(asked: OtherAsked, name: string): number | null {
  const value = asked[name];
  return typeof value === "number" ? value : null;
}
