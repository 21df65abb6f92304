import { expect, test } from "vitest";
import { deniedModel } from "./denied-model";

test("a denied call shows the model that it asked for, or that its body was not read", () => {
  expect(deniedModel("gpt-9", "model_not_found")).toBe("gpt-9");
  expect(deniedModel(null, "invalid_api_key")).toBe("not read");
  expect(deniedModel("", "ip_not_allowed")).toBe("not read");
  expect(deniedModel(null, "model_not_allowed")).toBe("not kept");
});
