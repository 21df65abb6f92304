import { notifyManager, QueryClient } from "@tanstack/react-query";

/** What all pages of a tab have read. Failed reads are not tried again by themselves: pages poll, or offer it. */
export function newQueries(): QueryClient {
  // By default, parts learn of an answer a task after it is counted as read. The browser may draw in between: the page
  // shows itself as whole while a part has nothing to show yet, and that part then moves those below it.
  notifyManager.setScheduler(queueMicrotask);
  return new QueryClient({
    defaultOptions: { queries: { retry: false, refetchIntervalInBackground: false, staleTime: 500 } },
  });
}
