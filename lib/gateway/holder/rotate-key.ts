/** A key that its holder has made in place of another one. */
export type RotatedKey = {
  /** the new key; it is stored nowhere */
  readonly key: string;
  readonly expiresAt: Date | null;
  /** how long the old key works after the first use of the new key */
  readonly overlapSeconds: number;
};

export type RotateKey = (holder: { readonly keyId: string; readonly address: string }) => Promise<RotatedKey>;
