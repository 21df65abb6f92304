/** What was made on this page; the key's text is kept in this tab alone, for the snippet. */
export type Made = {
  readonly provider: string | null;
  readonly model: string | null;
  readonly tenant: string | null;
  readonly key: { readonly id: string; readonly text: string } | null;
};
export const NOTHING: Made = { provider: null, model: null, tenant: null, key: null };
