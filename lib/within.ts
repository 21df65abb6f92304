/**
 * What `work` resolves with, or a rejection when it takes longer than `ms`. The work itself goes on. An answer that had
 * arrived while this process was busy counts as in time: answers are read again before the time is over.
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${ms} ms`));
    // The timer's phase comes before the one in which sockets are read; what is set for "immediately" comes after it.
    const timer = setTimeout(() => setImmediate(() => setImmediate(late)), ms);
    work.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
}
