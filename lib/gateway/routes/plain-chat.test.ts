import { expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parsePlain } from "./plain-chat";

test.each([
  [{ message: "hi" }, null],
  [{ message: "hi", user: "ann" }, "ann"],
  [{ message: "hi", user_id: "ann" }, "ann"],
  [{ message: "hi", user: "ann", user_id: "ann" }, "ann"],
  [{ message: "hi", user: null, user_id: "ann" }, "ann"],
])("%j is a plain call of the user %j", (body, user) => {
  expect(parsePlain(body)).toEqual({ message: "hi", user, model: null });
});

test.each([
  [{ message: "hi", user: "ann", user_id: "bob" }, "invalid_value", "user_id"],
  [{ message: "hi", userId: "ann" }, "unknown_field", "userId"],
  [{ user_id: "ann" }, "missing_field", "message"],
  [{ message: 7 }, "invalid_type", "message"],
  [{ message: "hi", user_id: 7 }, "invalid_type", "user_id"],
  [{ message: "hi", user_id: "" }, "invalid_value", "user_id"],
  [{ message: "hi", model: 7 }, "invalid_type", "model"],
])("%j is refused, and the error names the field", (body, code, param) => {
  const thrown = (() => {
    try {
      return parsePlain(body);
    } catch (error) {
      return asPublicError(error);
    }
  })();
  expect(thrown).toMatchObject({ code, param });
});
