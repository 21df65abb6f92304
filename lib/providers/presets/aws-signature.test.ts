import { expect, test } from "vitest";
import { awsHeaders } from "./aws-signature";

const credential = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  sessionToken: null,
  region: "us-east-1",
};
const at = { method: "POST", credential, service: "service", nowMs: Date.UTC(2015, 7, 30, 12, 36, 0) };

// "post-vanilla" and "post-vanilla-query" of AWS's published test suite for Signature Version 4.
test.each([
  ["/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"],
  ["/?Param1=value1", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"],
])("a POST to %s is signed as AWS's own test suite has it", (path, signature) => {
  const url = new URL(`https://example.amazonaws.com${path}`);
  expect(awsHeaders({ ...at, url, body: new Uint8Array() })).toEqual({
    "x-amz-date": "20150830T123600Z",
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  });
});

test("a session's token is sent and signed, and every part of the call changes the signature", () => {
  const url = new URL("https://example.amazonaws.com/a%3Ab");
  const plain = { ...at, url, body: Buffer.from("{}") };
  const session = awsHeaders({ ...plain, credential: { ...credential, sessionToken: "token" } });
  expect(session).toMatchObject({
    "x-amz-security-token": "token",
    authorization: expect.stringContaining("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
  });
  const changes = [
    {},
    { body: Buffer.from("{ }") },
    { url: new URL("https://example.amazonaws.com/a%3Ac") },
    { service: "bedrock" },
    { nowMs: at.nowMs + 1000 },
    { credential: { ...credential, region: "eu-west-1" } },
  ];
  const proofs = changes.map((change) => awsHeaders({ ...plain, ...change }).authorization);
  expect(new Set(proofs).size).toBe(changes.length);
});
