import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebhookReceiver } from "@/e2e/fixtures/receivers";
import { makeLog } from "@/lib/log";
import { parseMark, Signer } from "./mark";
import { SentHeads } from "./sent-heads";

const PATIENCE = { timeout: 15_000 };
const signer = new Signer("s".repeat(40));
const head = (seq: number) => signer.sign({ kind: "head", seq, hash: `h${seq}`, atMs: seq });
let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await WebhookReceiver.run();
});
afterEach(() => receiver.stop());

const seqs = () => receiver.received.map(({ body }) => parseMark(body)?.seq);

test("a head arrives as it was signed, with the token, once", async () => {
  const heads = new SentHeads({ to: { url: `${receiver.url}/heads`, token: "t" }, log: makeLog("silent") });
  heads.add(head(1));
  await vi.waitFor(() => expect(seqs()).toEqual([1]), PATIENCE);
  const [first] = receiver.received;
  const mark = parseMark(first?.body ?? "");
  expect(mark !== null && signer.isOurs(mark)).toBe(true);
  expect([first?.path, first?.headers.authorization]).toEqual(["/heads", "Bearer t"]);
  heads.add(head(1));
  heads.add(head(2));
  await vi.waitFor(() => expect(seqs()).toEqual([1, 2]), PATIENCE);
});

test("of many while one is on its way only the newest follows, and one that is refused is sent again", async () => {
  receiver.refusals = 1;
  const heads = new SentHeads({ to: { url: receiver.url, token: null }, log: makeLog("silent") });
  for (let seq = 1; seq <= 50; seq++) heads.add(head(seq));
  await vi.waitFor(() => expect(seqs()).toEqual([1]), PATIENCE);
  // The console's process does this every ten seconds.
  await vi.waitFor(() => {
    heads.add(head(50));
    expect(seqs()).toEqual([1, 50]);
  }, PATIENCE);
});
