import { NativeSelect } from "@mantine/core";
import type { UsageRow } from "@/lib/console/money/usage";
import { totalsOf } from "./spend-chart";

type OfOneTag = {
  /** names of all tags, highest cost first */
  readonly tags: readonly string[];
  /** the shown one; null = rows are not by tag, or there are none */
  readonly tag: string | null;
  readonly rows: readonly UsageRow[] | undefined;
};

/** The rows of one tag: a call with two tags is in a row of each, and their sum would count it twice. */
export function ofOneTag(
  rows: readonly UsageRow[] | undefined,
  byTag: { readonly chosen: string | null } | null,
): OfOneTag {
  if (rows === undefined || byTag === null) return { tags: [], tag: null, rows };
  const tags = [...new Set(totalsOf(rows).map(nameOf))];
  const tag = byTag.chosen ?? tags[0] ?? null;
  return { tags, tag, rows: rowsOfTag(rows, tag ?? "") };
}

/** The rows of one tag, named by the value alone; all rows when there is no tag. */
export function rowsOfTag(rows: readonly UsageRow[] | undefined, tag: string | null): readonly UsageRow[] | undefined {
  if (tag === null) return rows;
  const own = rows?.filter((row) => nameOf(row) === tag);
  return own?.map((row) => ({ ...row, name: row.subject.slice(tag.length + 1) }));
}

/** The query for the same rows. */
export function tagQuery(tag: string | null): string {
  return tag === null ? "" : `&tag=${encodeURIComponent(tag)}`;
}

function nameOf({ subject }: Pick<UsageRow, "subject">): string {
  return subject.slice(0, Math.max(0, subject.indexOf("=")));
}

type Choice = {
  readonly tags: readonly string[];
  readonly tag: string | null;
  readonly onChange: (tag: string | null) => void;
};

export function TagChoice({ tags, tag, onChange }: Choice) {
  const known = [...new Set([...tags, ...(tag === null ? [] : [tag])])];
  return (
    <NativeSelect
      size="xs"
      w={140}
      aria-label="Tag"
      data={known.length === 0 ? [{ value: "", label: "No tags yet" }] : known}
      value={tag ?? ""}
      onChange={({ currentTarget: { value } }) => onChange(value === "" ? null : value)}
    />
  );
}
