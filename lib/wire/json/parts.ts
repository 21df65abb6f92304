import { isObject } from "./object";

/** Members that only other kinds of part have. In a text part they would be forwarded unseen: neither counted nor judged. */
const OF_OTHERS = ["image_url", "input_audio", "file", "file_id", "file_data", "source"];
const TEXT_TYPES: ReadonlySet<unknown> = new Set(["text", "input_text", "output_text"]);

/** Whether no text part of these messages or items has a member of another kind of part. */
export function arePartsPure(items: readonly unknown[]): boolean {
  return items.every((item) => {
    const parts = isObject(item) && Array.isArray(item.content) ? item.content : [];
    return parts.every((part) => !isMixed(part));
  });
}

function isMixed(part: unknown): boolean {
  return isObject(part) && TEXT_TYPES.has(part.type) && OF_OTHERS.some((name) => name in part);
}

/** The error for parts that are not pure. */
export const PARTS = "a text part must not have members of another kind of part";
