import { expect, test } from "vitest";
import { credentialId, credentialName } from "./credential-row";

test("a credential is named as its operator named it, and the provider's own is none", () => {
  expect(credentialName({ id: "p1", credentialId: credentialId("p1", "second-eu") })).toBe("second-eu");
  expect(credentialName({ id: "p1", credentialId: "p1" })).toBeNull();
});
