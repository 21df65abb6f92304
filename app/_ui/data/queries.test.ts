import { notifyManager, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { newQueries } from "./queries";

const MICROTASKS = 50;

test("parts have every answer before the browser can draw", async () => {
  const queries = newQueries();
  const told = new Map<string, string>();
  const answers = ["upstream", "providers"].map((path) => {
    let answer = (_text: string): void => {};
    const comes = new Promise<string>((resolve) => {
      answer = resolve;
    });
    const observer = new QueryObserver(queries, { queryKey: [path], queryFn: () => comes });
    // As `useQuery` does.
    const hear = notifyManager.batchCalls(() => {
      const { data } = observer.getCurrentResult();
      if (data !== undefined) told.set(path, data);
    });
    observer.subscribe(hear);
    return () => answer(`answer of ${path}`);
  });
  expect(queries.isFetching()).toBe(2);
  for (const arrive of answers) arrive();
  // A browser draws between tasks, and no task ends here.
  for (let turn = 0; turn < MICROTASKS; turn++) await null;
  expect(queries.isFetching()).toBe(0);
  expect([...told]).toEqual([
    ["upstream", "answer of upstream"],
    ["providers", "answer of providers"],
  ]);
  queries.clear();
});
