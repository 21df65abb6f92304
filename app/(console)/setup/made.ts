/** What was made on this page. The key's text is kept only in this tab, for the snippet. */
export type Made = {
  readonly provider: string | null;
  readonly model: string | null;
  readonly tenant: string | null;
  readonly key: { readonly id: string; readonly text: string } | null;
};
export const NOTHING: Made = { provider: null, model: null, tenant: null, key: null };
