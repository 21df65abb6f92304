"use client";

import { Anchor, Badge, Text } from "@mantine/core";
import Link from "next/link";
import type { KeyView } from "@/lib/console/keys/keys";
import { CopyId } from "../../_ui/figures/copy-id";
import { dollarsAlike, fromNow } from "../../_ui/figures/format";
import { Listing } from "../../_ui/figures/listing";
import { BrakedBadge } from "../../_ui/limits/braked/braked-badge";
import { type KeyActs, KeyMenu } from "./key-menu";
import { rotationWords } from "./rotation-words";

const HEAD = ["Key", "Tenant", "State", "May call", "Created", "Last used", "Expires", "Cost, 30 days", ""];

/** A page of keys; a name leads to its calls in the log. */
export function KeyListing({
  keys,
  spent,
  usedFrom,
  isFiltered,
  acts,
}: {
  keys: readonly KeyView[];
  /** by key family, micro-dollars; undefined until known */
  spent: ReadonlyMap<string, number> | undefined;
  /** the address of the last served call, by key */
  usedFrom: ReadonlyMap<string, string>;
  /** whether some keys are left out on purpose */
  isFiltered: boolean;
  acts: KeyActs;
}) {
  const now = Date.now();
  const moneyOf = dollarsAlike([...(spent?.values() ?? [])]);
  return (
    <Listing
      title="Keys"
      note="the cost includes the keys that it replaced"
      head={HEAD}
      texts={[1, 2, 3, 4, 5, 6, 8]}
      empty={isFiltered ? "No matching keys." : "No keys yet. Create one: a tenant's calls need a key."}
      rows={keys.map((key) => ({
        id: key.id,
        cells: [
          <span key="name">
            <Anchor component={Link} href={`/requests/log?key=${key.id}`} size="sm">
              {key.name}
            </Anchor>
            {key.status === "active" && <BrakedBadge kind="key" of={{ key: key.id, tenant: key.tenant }} />}
            <Text size="xs" c="dimmed" ff="monospace" className="key-id">
              {key.display} <CopyId id={key.id} of="key id" />
            </Text>
          </span>,
          <Anchor key="tenant" component={Link} href={`/tenants/${key.tenant}`} size="sm">
            {key.tenantName ?? key.tenant}
          </Anchor>,
          <span key="state">
            <Badge variant="dot" color={key.status === "active" ? "teal" : "gray.6"} tt="none" miw="max-content">
              {key.status}
            </Badge>
            <Text size="xs" c="dimmed">
              {key.environment}
            </Text>
          </span>,
          scopeWords(key),
          <span key="created">
            <Brief text={fromNow(key.createdAt, now)} />
            {key.madeByHolder && (
              <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                by its holder
              </Text>
            )}
          </span>,
          <span key="used">
            <Brief text={key.lastUsedAt === null ? "never" : fromNow(key.lastUsedAt, now)} />
            {/* The same height before it is known: otherwise the rows below would move. */}
            <Text size="xs" c="dimmed" ff="monospace" mih={key.lastUsedAt === null ? 0 : 18}>
              {usedFrom.get(key.id) ?? ""}
            </Text>
          </span>,
          <span key="expires">
            <Brief text={endWords(key, now)} />
            <Due words={rotationWords(key, now)} />
          </span>,
          <Text key="spent" span size="sm" display="inline-block" miw={80} ta="right">
            {spent ? moneyOf(spent.get(key.family) ?? 0) : "…"}
          </Text>,
          <KeyMenu key="menu" of={key} acts={acts} />,
        ],
      }))}
    />
  );
}

function Due({ words }: { words: string | null }) {
  if (words === null) return null;
  return (
    <Text size="xs" fw={600} c="var(--mantine-color-orange-text)" style={{ whiteSpace: "nowrap" }}>
      {words}
    </Text>
  );
}

/** A text that changes while the page is open, on one line: otherwise a row would grow and move those below it. */
function Brief({ text }: { text: string }) {
  return (
    <Text span size="sm" style={{ whiteSpace: "nowrap" }}>
      {text}
    </Text>
  );
}

/** When it ends; a revoked key has ended. */
function endWords({ status, expiresAt }: KeyView, now: number): string {
  if (status === "revoked") return "–";
  return expiresAt === null ? "never" : fromNow(expiresAt, now);
}

/** What a key is narrowed to, in short form for a cell. */
function scopeWords({ models, endpoints, ipAllow }: KeyView): string {
  const parts = [
    ...(models === null ? [] : [models.join(", ")]),
    ...(endpoints === null ? [] : [endpoints.join(", ")]),
    ...(ipAllow === null ? [] : [`from ${ipAllow.join(", ")}`]),
  ];
  return parts.length === 0 ? "everything" : parts.join("; ");
}
