import fs from "node:fs";
import { DEFAULT_THEME } from "@mantine/core";
import { expect, test } from "vitest";
import { theme } from "./theme";

const FILES = fs.readdirSync("app", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".tsx"));
/** The shades on which pages write in white: the dark ones; lighter ones are lines and areas of charts. */
const GROUNDS = new Set(
  FILES.flatMap((file) => fs.readFileSync(`app/${file}`, "utf8").match(/"[a-z]+\.[89]"/g) ?? []).map((token) =>
    token.replaceAll('"', ""),
  ),
);

/** The relative luminance by WCAG 2.2 of #rrggbb. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test("pages use dark grounds", () => expect(GROUNDS.size).toBeGreaterThan(4));

test.each([...GROUNDS].map((one) => [one]))("white text on %s has a contrast of 4.5:1", (token) => {
  const [name = "", shade] = token.split(".");
  const color = theme.colors?.[name]?.[Number(shade)] ?? DEFAULT_THEME.colors[name]?.[Number(shade)] ?? "";
  expect(color).toMatch(/^#[0-9a-f]{6}$/);
  expect(1.05 / (luminance(color) + 0.05), color).toBeGreaterThanOrEqual(4.5);
});
