"use client";

import { useState } from "react";
import type { UpstreamView } from "@/lib/console/providers/answers";
import type { ProviderView } from "../../_ui/data/catalog";
import { count } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { Act } from "../../_ui/forms/act";
import { PlaceState } from "./place-state";
import { type Service, ServiceDialog } from "./service-dialog";

/** Credentials of providers with several: the source of each, its share, and whether it is in service. */
export function CredentialListing({
  providers,
  upstream,
  canChange,
}: {
  providers: readonly ProviderView[];
  upstream: UpstreamView;
  /** may take a provider out of service */
  canChange: boolean;
}) {
  const [asked, setAsked] = useState<Service | null>(null);
  const rows = providers.flatMap((provider) => rowsOf(provider, upstream));
  if (rows.length === 0) return null;
  return (
    <>
      <Listing
        title="Credentials"
        note="for providers with several credentials; calls are divided by share"
        head={["Provider", "Credential", "Secret", "Share", "State", "Reason", ""]}
        texts={[1, 2, 4, 5, 6]}
        empty=""
        rows={rows.map(({ provider, name, secret, share, state, reason }) => ({
          id: `${provider} ${name ?? ""}`,
          cells: [
            provider,
            name ?? "its own",
            secret,
            share,
            <PlaceState key="state" state={state} />,
            reason ?? "–",
            canChange && name !== null && (
              <Act
                key="act"
                label={state === "open" ? "Take out" : "Put back"}
                of={`${provider}'s ${name}`}
                onClick={() => setAsked({ slug: provider, credential: name, inService: state !== "open" })}
              />
            ),
          ],
        }))}
      />
      {asked !== null && <ServiceDialog {...asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function rowsOf(provider: ProviderView, upstream: UpstreamView) {
  const { slug, credentials, credentialWeight, credentialEnv, credentialLast4, takenOutReason } = provider;
  if (credentials.length === 0) return [];
  const seen = upstream.providers.find((one) => one.slug === slug);
  const own = { name: null, weight: credentialWeight, credentialEnv, credentialLast4, takenOutReason: null };
  const hasOwn = credentialEnv !== null || credentialLast4 !== null;
  const all = hasOwn ? [own, ...credentials] : credentials;
  const sum = all.reduce((total, { weight }) => total + weight, 0);
  return all.map((one) => {
    const place = one.name === null ? seen : seen?.credentials.find(({ name }) => name === one.name);
    return {
      provider: slug,
      name: one.name,
      secret: secretWords(one),
      share: `${count(one.weight)} of ${count(sum)}`,
      // A credential without models has no place yet.
      state: place?.state.state ?? (takenOutReason === null && one.takenOutReason === null ? "open" : "taken_out"),
      reason: takenOutReason ?? one.takenOutReason ?? place?.state.detail ?? null,
    } as const;
  });
}

/** The source of a secret; for a stored one its last characters. */
export function secretWords({
  credentialLast4,
  credentialEnv,
}: Pick<ProviderView, "credentialLast4" | "credentialEnv">): string {
  if (credentialLast4 !== null) return `stored, …${credentialLast4}`;
  return credentialEnv ?? "none";
}
