/**
 * The member of a table that is the table's own. Callers and providers choose names such as `constructor`, which every
 * object seems to have.
 */
export function own<Value>(table: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
