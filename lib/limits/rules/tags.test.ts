import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { readTags, storedTags, TAGS_MAX, tagMeant, tagsText } from "./tags";

const textOf = (header: string) => {
  const read = readTags(header);
  return read.kind === "tags" ? tagsText(read.tags) : read.fault;
};

test.each<[string, string | null]>([
  ["", null],
  ["  ", null],
  ["repo=web", "repo=web"],
  [" repo = web , cost-centre = R&D ", "cost-centre=R&D,repo=web"],
  ["q=a=b", "q=a=b"],
  ["repo", 'must be name=value, with commas between tags; "repo" is not.'],
  ["repo=web,", 'must be name=value, with commas between tags; "" is not.'],
  ["repo=", "gives the tag repo no value."],
  ["repo=a,repo=b", "names the tag repo twice."],
  [`repo=${"x".repeat(129)}`, "gives repo a value of more than 128 characters."],
  ["repo=a\u0000b", "gives repo a value with control characters."],
  [Array.from({ length: TAGS_MAX + 1 }, (_, at) => `t${at}=1`).join(), "has more than 8 tags."],
])("tags %j are %j", (header, expected) => {
  expect(textOf(header)).toBe(expected);
});

test.each(["Repo=web", "=web", "1=web", `${"a".repeat(33)}=web`, "a b=web", "constructor\u00e9=1"])(
  "%j has a name that is refused with the rule",
  (header) => {
    expect(textOf(header)).toMatch(/a name is a lower-case letter/);
  },
);

test("any header is tags or a fault, and what is stored of it reads as the same tags", () => {
  const header = fc.oneof(
    fc.string(),
    fc.array(fc.tuple(fc.string(), fc.string())).map((all) => all.map((one) => one.join("=")).join()),
  );
  fc.assert(
    fc.property(header, (text) => {
      const read = readTags(text);
      if (read.kind === "tags") expect(storedTags(tagsText(read.tags))).toEqual(read.tags);
    }),
  );
});

test("stored tags of any age are read, and bad ones are none", () => {
  expect(storedTags(null)).toEqual([]);
  expect(storedTags("not tags")).toEqual([]);
});

test.each<[string, ReturnType<typeof tagMeant>]>([
  ["repo", { name: "repo", value: null }],
  ["repo=web", { name: "repo", value: "web" }],
  ["repo=web,x=y", null],
  [" repo=web", null],
  ["repo=", null],
  ["Repo", null],
])("a limit of %j means %j", (text, expected) => {
  expect(tagMeant(text)).toEqual(expected);
});
