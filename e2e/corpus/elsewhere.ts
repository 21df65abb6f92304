/** Where a row of the corpus is tested that is not in ./rows: a file, and words of the test's name or of its table. */
export type Covered = { readonly in: string; readonly test: string };
/** A row that asks for something that Spillway does otherwise. */
export type Otherwise = { readonly why: string };

const at = (file: string, test: string): Covered => ({ in: file, test });

const MANNERS = "e2e/gateway/manners.e2e.test.ts";
const DOOR = "e2e/gateway/door.e2e.test.ts";
const ENDINGS = "e2e/gateway/endings.e2e.test.ts";
const DIALECTS = "e2e/gateway/dialects.e2e.test.ts";
const ADMISSION = "e2e/gateway/admission.e2e.test.ts";
const OPENAI = "e2e/gateway/openai-client.e2e.test.ts";
const CORPUS = "e2e/corpus/corpus.e2e.test.ts";
const KEYS = "e2e/operators/keys.e2e.test.ts";
const BRAKES = "e2e/operators/brakes.e2e.test.ts";
const ROUTES = "e2e/operators/routes/every-route.e2e.test.ts";
const PRINCIPAL = "lib/gateway/caller/principal.test.ts";
const STREAM = "lib/wire/openai/meter-stream.test.ts";
const BILL = "lib/gateway/running/bill.test.ts";
const ESTIMATE = "lib/gateway/attempt/estimate.test.ts";
const CHANGE = "lib/console/kernel/change.rim.test.ts";
const PROVIDER_ANSWERS = "e2e/wire/provider-answers.e2e.test.ts";

/** H: HTTP. S: meaning and limits. K: keys and addresses. U: what providers answer. C: the console. */
export const ELSEWHERE: Readonly<Record<string, Covered | Otherwise>> = {
  "H-24": at(MANNERS, "one that turns out so, at the cap"),
  "H-25": at(MANNERS, "a body that never comes is given up after fifteen seconds"),
  "H-26": at("e2e/hostile/attacks.ts", "half-sent bodies"),
  "H-27": at("lib/gateway/bounds/bounds.test.ts", "a body that stops arriving is ended, and its slot is free"),
  "H-33": at(DOOR, "pipelined calls behind answers that keep the connection are answered in order"),
  "H-37": at("lib/server/net/reading/pace.test.ts", "gets none beyond its share"),

  "J-27": at("e2e/wire/both-ways.e2e.test.ts", "a member that leads elsewhere goes to none"),

  "S-02": { why: "a model has one name; there are no aliases that could have a bucket of their own" },
  "S-05": at("e2e/wire/billing.e2e.test.ts", "a model without a price is refused to callers with a limit of money"),
  "S-08": at(CORPUS, "eight answers hold the cap eight times, and a call without a cap the model's own"),
  "S-09": { why: "members that only providers know pass to those of the caller's dialect; none changes what is held" },
  "S-12": at(CORPUS, "eight answers hold the cap eight times, and a call without a cap the model's own"),
  "S-13": at(ADMISSION, "a call larger than the limit can ever be is 400 with the numbers, not 429"),
  "S-14": at(OPENAI, "a stream completes; usage it did not ask for is hidden, and booked"),
  "S-16": at(ADMISSION, "a concurrency limit refuses the call beyond it, with nothing spent, and the slot comes back"),
  "S-17": at(ADMISSION, "two refused calls leave every counter of every other layer as it was"),
  "S-18": at(ADMISSION, "fifty calls at once against room for seven: seven are admitted"),
  "S-19": at("e2e/chaos/hammer.e2e.test.ts", "bursts at the same moments"),
  "S-20": at("lib/admission/suites/told.suite.ts", "every announced wait is enough, and a tenth less is not"),
  "S-21": at(OPENAI, "a used-up budget is not retried"),
  "S-22": at(
    "e2e/operators/budgets.e2e.test.ts",
    "a hundred calls at once, each worth 30 % of what is left: three are",
  ),
  "S-25": at("lib/admission/memory/memory.test.ts", "idle counters are forgotten as fast as calls make new ones"),
  "S-26": at(ESTIMATE, "nor by more than twice where text is made to be cheap"),
  "S-27": at(ESTIMATE, "messages and images cost extra"),
  "S-29": at(DIALECTS, "one idempotency key is served once"),
  "S-30": at(CORPUS, "one key for one body of one tenant"),
  "S-31": at(CORPUS, "one key for one body of one tenant"),
  "S-32": at("lib/ledger/budgets.rim.test.ts", "a call counts in the day, week or month of its zone"),
  "S-33": at("lib/policy/compile.test.ts", "windows tile: each ends where the next begins"),
  "S-36": at(BRAKES, "the answer carries the reason, the public message wins over it, and SDKs do not retry"),

  "K-02": at("lib/gateway/caller/api-key.test.ts", "the checksum detects any one changed character"),
  "K-03": at(PRINCIPAL, "an unknown key and a wrong secret take the same steps at every attempt"),
  "K-10": at(MANNERS, "a client cannot choose its address: X-Forwarded-For is ignored unless hops are trusted"),
  "K-11": at(DOOR, "from a proxy: the last entry that is no proxy, however long the list"),
  "K-13": at("lib/server/net/front-door.rim.test.ts", "a thousand of its networks get eight times what one gets"),
  "K-14": at(ROUTES, "a tenant's note, key and counter under another tenant"),
  "K-15": at(KEYS, "both keys work and share their counters"),
  "K-16": at(KEYS, "a revoked key's next call is a 401; a leaked key's running calls are cut"),
  "K-17": at(PRINCIPAL, "a flood of bad keys costs the database one request after the other"),

  "U-01": at(ENDINGS, "provider 429"),
  "U-02": at("lib/wire/faults/told.test.ts", "401"),
  "U-03": at("lib/wire/faults/without-secrets.test.ts", "secret"),
  "U-04": at("lib/gateway/upstream/paced.test.ts", "an answer of type %s that begins with %j is a stream"),
  "U-05": at("lib/wire/faults/told.test.ts", "302"),
  "U-06": at(ENDINGS, "provider cuts the stream"),
  "U-07": at(ENDINGS, "provider sends garbage"),
  "U-08": at("lib/wire/openai/usage.test.ts", "counts that are none are not believed"),
  "U-09": at(BILL, "a report is believed up to what is plausible"),
  "U-10": at(ENDINGS, "complete without usage: counted by us"),
  "U-11": at("lib/wire/anthropic/usage.test.ts", "one turn that repeats the totals changes nothing"),
  "U-12": at(DIALECTS, "an abort and a cut are booked at what was delivered"),
  "U-13": at("e2e/agents/sizes.e2e.test.ts", "an event of 6 MiB is passed on"),
  "U-14": at(PROVIDER_ANSWERS, "a stream that is silent"),
  "U-15": at(PROVIDER_ANSWERS, "the provider's signs of life pass at once, and ours fill the silence"),
  "U-16": at(STREAM, "where the network cuts the bytes changes nothing"),
  "U-17": at("lib/providers/encoding/inflated.test.ts", "a body in an unknown encoding, or not in the one it names"),
  "U-18": at("e2e/wire/both-ways.e2e.test.ts", "members, vendors' headers and the query go on; credentials do not"),
  "U-19": at(ENDINGS, "a provider that never stops is cut off at the byte cap"),
  "U-20": at("lib/fuzz/streams.fuzz.test.ts", "stream is read to some end, the same however it is cut"),

  "C-01": at(ROUTES, "$id: $role"),
  "C-02": at("lib/console/api/door.test.ts", "each route asks for the role that the table gives it"),
  "C-03": at("lib/console/api/door.test.ts", "$method $path is taken from our own pages only"),
  "C-05": at(ROUTES, "another tenant's rows are not found under one's own name"),
  "C-08": at("lib/policy/contradictions.test.ts", "a user's limit as large as its tenant's never binds"),
  "C-09": at(ADMISSION, "an edit with a stale version is refused with the current tier"),
  "C-10": at(CHANGE, "eight writers at once make one chain, and every change is anchored"),
  "C-11": at(
    "e2e/planes/gateway-alone.e2e.test.ts",
    "with the console and PostgreSQL gone a brake holds at every process",
  ),
  "C-16": at(CHANGE, "an account's password is guessed ten times at most at sign-in, from whatever address"),
  "C-17": at(CHANGE, "a session's password is guessed five times at most, at one moment or one after the other"),
  "C-18": at("e2e/operators/sign-in.e2e.test.ts", "signing out ends the session"),
  "C-19": at(CHANGE, "a session ends a day after the sign-in, however much it is used"),
  "C-20": at("lib/providers/catalog.test.ts", "169.254"),
  "C-21": at(DIALECTS, "a credential is kept sealed, is sent to its provider, and is never shown"),
  "C-22": at("db/open/app-role.rim.test.ts", "the role that serves may not: %s"),
  "C-23": at("e2e/planes/apart.e2e.test.ts", "x-frame-options"),
  "C-28": at(CHANGE, "a sensitive action needs the password again when it was given long ago"),
  "C-29": at(CHANGE, "two editors of one tier at once: one publishes, the other gets a conflict"),
  "C-30": at(DOOR, "/v1/../api/admin/overview"),
};
