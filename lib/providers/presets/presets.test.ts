import { expect, test } from "vitest";
import { baseUrlFault } from "../catalog";
import { credentialEnvFault } from "../credential";
import { filledUrl, PRESETS, presetOf } from "./presets.shared";

test.each(PRESETS)("$id: its fields fill its base URL, which an operator may enter", (preset) => {
  const examples = Object.fromEntries(preset.fields.map(({ name, example }) => [name, example]));
  const url = filledUrl(preset, examples);
  expect(url).not.toBeNull();
  expect(url).not.toMatch(/[{}]/);
  expect(baseUrlFault(url ?? "", preset.allowLocal)).toBeNull();
  if (preset.credential !== null) expect(credentialEnvFault(preset.credential.env, url ?? "", new Map())).toBeNull();
});

test("names are unique, and each is found by its id", () => {
  expect(new Set(PRESETS.map(({ id }) => id)).size).toBe(PRESETS.length);
  for (const preset of PRESETS) expect(presetOf(preset.id)).toBe(preset);
  expect(presetOf(null)).toBeNull();
});

test("a field that would lead elsewhere fills nothing", () => {
  const azure = presetOf("azure");
  for (const resource of ["", "evil.example/", "a@b", "a#", "a?b", " "])
    expect(azure && filledUrl(azure, { resource })).toBeNull();
});

test.each([
  ["us-east5", "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/"],
  ["europe-west1", "https://europe-west1-aiplatform.googleapis.com/v1/projects/p/locations/europe-west1/"],
  ["global", "https://aiplatform.googleapis.com/v1/projects/p/locations/global/"],
  ["us", "https://aiplatform.us.rep.googleapis.com/v1/projects/p/locations/us/"],
  ["eu", "https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/"],
])("Google's location %s is at its own host", (location, begin) => {
  for (const id of ["vertex", "vertex-anthropic"]) {
    const preset = presetOf(id);
    expect(preset && filledUrl(preset, { project: "p", location })?.startsWith(begin)).toBe(true);
  }
});
