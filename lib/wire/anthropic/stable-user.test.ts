import { expect, test } from "vitest";
import { parseMessages } from "./parse-messages";
import { stableUser } from "./stable-user";

const SESSION = "5339ec54-7a0f-4ec3-b912-f5b940d8d9b0";
const inJson = (of: object) => JSON.stringify({ ...of, session_id: SESSION });

test.each([
  [inJson({ device_id: "d1", account_uuid: "" }), "d1"],
  [inJson({ device_id: "d1", account_uuid: "a1" }), "a1"],
  [`user_9c27_account_a1_session_${SESSION}`, "user_9c27_account_a1"],
  ["somebody", "somebody"],
  ["my_session_notes", "my_session_notes"],
  ['{"device_id":"d1"}', '{"device_id":"d1"}'],
  [inJson({}), inJson({})],
  ["{not json", "{not json"],
])("%s is %s", (userId, user) => {
  expect(stableUser(userId)).toBe(user);
});

test("two sessions of one device are one user, and the body stays as it came", () => {
  const body = (session_id: string) => ({
    model: "m",
    max_tokens: 5,
    messages: [{ role: "user", content: "hi" }],
    metadata: { user_id: JSON.stringify({ device_id: "d1", account_uuid: "", session_id }) },
  });
  const calls = ["s1", "s2"].map((session) => parseMessages(body(session)));
  expect(calls.map(({ user }) => user)).toEqual(["d1", "d1"]);
  expect(calls[1]?.body.metadata).toEqual(body("s2").metadata);
});
