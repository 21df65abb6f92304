import { expect, test } from "vitest";
import { ScriptError, StoreUnavailable } from "@/lib/errors";
import { storeError } from "./store-error";

const SCRIPT = "script: 7a5f1a3e4f6b8c9d0e1f2a3b4c5d6e7f8a9b0c1d, on @user_script:12.";

test.each([
  [`READONLY You can't write against a read only replica. ${SCRIPT}`, "read_only"],
  [`OOM command not allowed when used memory > 'maxmemory'. ${SCRIPT}`, "out_of_memory"],
  ["LOADING Redis is loading the dataset in memory", "restarting"],
  ["CLUSTERDOWN The cluster is down", "cluster"],
  ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.", "read_only"],
  ["NOPERM User x has no permissions to run the 'evalsha' command", "not_allowed"],
  ["ERR max number of clients reached", "busy"],
  [
    "ERR Error running script (call to f_7a): @user_script:12: -READONLY You can't write against a replica",
    "read_only",
  ],
  ["Command timed out", "timeout"],
  ["Stream isn't writeable and enableOfflineQueue options is false", "connection"],
  ["connect ECONNREFUSED 127.0.0.1:6379", "connection"],
])("a server that cannot serve is away: %s", (text, reason) => {
  const error = storeError(new Error(`${text}, command was: ["evalsha","k{secret}","argument"]`), "admit");
  expect(error).toBeInstanceOf(StoreUnavailable);
  expect(error).toMatchObject({ reason });
});

test.each([
  `ERR invalid expire time in 'set' command ${SCRIPT}`,
  `WRONGTYPE Operation against a key holding the wrong kind of value ${SCRIPT}`,
  `ERR user_script:12: attempt to index a nil value ${SCRIPT}`,
  `cost out of range ${SCRIPT}`,
  "ERR Error compiling script (new function): user_script:1: '=' expected",
])("an error that a script ran into is a bug, and names neither keys nor arguments: %s", (text) => {
  const error = storeError(new Error(`${text}, command was: ["evalsha","k{secret}","argument"]`), "settle");
  expect(error).toBeInstanceOf(ScriptError);
  expect(error).toMatchObject({ script: "settle" });
  expect(error.message).not.toMatch(/secret|argument/);
});

test("a request that ran out of time is away, however its client calls it", () => {
  expect(
    storeError(new DOMException("The operation was aborted due to timeout", "TimeoutError"), "admit"),
  ).toMatchObject({ name: "StoreUnavailable", reason: "timeout" });
});
