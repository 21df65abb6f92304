/**
 * Tags of a call, by the caller's own dimensions: cost-centre=research,repo=web. A call has at most one value of each
 * tag. As text it is sorted by name, so that equal tags are equal texts.
 */
export type Tag = { readonly name: string; readonly value: string; readonly text: string };

export type ReadTags =
  | { readonly kind: "tags"; readonly tags: readonly Tag[] }
  /** what is wrong, for the caller */
  | { readonly kind: "fault"; readonly fault: string };

/** Every tag adds a row to the sums and may be a budget: a call with dozens would cost as much as dozens of calls. */
export const TAGS_MAX = 8;
const VALUE_CHARS_MAX = 128;
const NAME = /^[a-z][a-z0-9._-]{0,31}$/;
const NAME_WORDS = "a lower-case letter, then lower-case letters, digits, dots, dashes or underscores, at most 32";

/** Reads `name=value,name=value`. Blanks around names and values do not count, and an empty text has no tags. */
export function readTags(text: string): ReadTags {
  if (text.trim() === "") return { kind: "tags", tags: [] };
  // One part more than allowed is enough to refuse the rest.
  const parts = text.split(",", TAGS_MAX + 1);
  if (parts.length > TAGS_MAX) return fault(`has more than ${TAGS_MAX} tags.`);
  const tags = new Map<string, Tag>();
  for (const part of parts) {
    const tag = readTag(part);
    if (typeof tag === "string") return fault(tag);
    if (tags.has(tag.name)) return fault(`names the tag ${tag.name} twice.`);
    tags.set(tag.name, tag);
  }
  return { kind: "tags", tags: [...tags.values()].sort((left, right) => (left.name < right.name ? -1 : 1)) };
}

/** One tag, or what is wrong with it. */
function readTag(part: string): Tag | string {
  const at = part.indexOf("=");
  if (at === -1) return `must be name=value, with commas between tags; ${JSON.stringify(part.slice(0, 40))} is not.`;
  const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  if (!NAME.test(name)) return `has the tag ${JSON.stringify(name.slice(0, 40))}; a name is ${NAME_WORDS}.`;
  if (value === "") return `gives the tag ${name} no value.`;
  if (value.length > VALUE_CHARS_MAX) return `gives ${name} a value of more than ${VALUE_CHARS_MAX} characters.`;
  if (CONTROL.test(value)) return `gives ${name} a value with control characters.`;
  return { name, value, text: `${name}=${value}` };
}

const CONTROL = /\p{Cc}/u;

function fault(text: string): ReadTags {
  return { kind: "fault", fault: text };
}

/** Tags as stored in the ledger; null = none. */
export function tagsText(tags: readonly Tag[]): string | null {
  return tags.length === 0 ? null : tags.map(({ text }) => text).join(",");
}

/** The tags of a stored text. An unreadable text, such as after an edit by hand, has none. */
export function storedTags(text: string | null | undefined): readonly Tag[] {
  if (text == null || text === "") return [];
  const read = readTags(text);
  return read.kind === "tags" ? read.tags : [];
}

/**
 * The tags that a limit, a budget or a brake means: `repo` = all of its values, `repo=web` = that value only. Null: neither.
 */
export function tagMeant(text: string): { readonly name: string; readonly value: string | null } | null {
  if (!text.includes("=")) return NAME.test(text) ? { name: text, value: null } : null;
  const read = readTags(text);
  const [tag, other] = read.kind === "tags" ? read.tags : [];
  return tag === undefined || other !== undefined || tag.text !== text ? null : { name: tag.name, value: tag.value };
}

/** What is wrong with a text that should mean a tag, in words. */
export const TAG_MEANT = `a tag's name (${NAME_WORDS}), or name=value`;
