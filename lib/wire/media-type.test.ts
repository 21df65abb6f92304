import { expect, test } from "vitest";
import { isJsonType } from "./media-type";

test.each([
  ["application/json", true],
  ["Application/JSON; Charset=UTF-8", true],
  ['application/json;charset="utf-8"', true],
  ["application/json; profile=x; charset=utf-8", true],
  [undefined, false],
  [null, false],
  ["", false],
  ["text/json", false],
  ["application/vnd.x+json", false],
  ["application/json; charset=utf-16", false],
  ["application/json; charset", false],
  ["application/json; charset=", false],
  ["application/json;", true],
  ["application/json;;charset=utf-8", true],
  ["application/json; =utf-8", false],
  ['application/json; charset="utf-8', false],
  ["application/json; charset=utf-8 x", false],
  ["application/json; charset =utf-8", false],
  ["application/json; charset=utf-8; charset=utf-16", false],
  ["application/json, text/plain", false],
])("%j", (header, isJson) => {
  expect(isJsonType(header)).toBe(isJson);
});
