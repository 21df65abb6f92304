"use client";

import { Button, Group, Modal, Select, Skeleton, Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { useState } from "react";
import { DAY_MS } from "@/app/_ui/time/spans";
import type { KeyView } from "@/lib/console/keys/keys";
import type { UsageRow } from "@/lib/console/money/usage";
import { api } from "../../_ui/data/api";
import { CursorPages } from "../../_ui/figures/cursor-pages";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import type { KeyDialog } from "./key-dialogs";
import { KeyListing } from "./key-listing";
import type { KeyActs } from "./key-menu";
import { useUsedFrom } from "./used-from";

// Loaded later: its fields are much of the page's code, and few visits need them.
const KeyDialogs = dynamic(() => import("./key-dialogs").then((part) => part.KeyDialogs), { ssr: false });

const PAGE = 50;
const FIND_AFTER_MS = 150;
const SPENT_DAYS = 30;
const STATES = ["usable", "expiring", "rotation", "unused", "ended"] as const;
const STATE_WORDS = [
  { value: "usable", label: "usable" },
  { value: "expiring", label: "expire within 14 days" },
  { value: "rotation", label: "due for rotation within 14 days" },
  { value: "unused", label: "not used for 30 days" },
  { value: "ended", label: "revoked or expired" },
];
const PLACE = {
  find: parseAsString.withDefault(""),
  tenant: parseAsString,
  state: parseAsStringLiteral(STATES),
  after: parseAsString.withDefault(""),
};

/** Keys of all tenants: owner, age, last use, expiry, and permissions. `isOfSome`: for an operator of some tenants. */
export function KeysPage({ isOfSome, ...rights }: Omit<KeyActs, "onDialog"> & { readonly isOfSome: boolean }) {
  const [{ find, tenant, state, after }, setPlace] = useQueryStates(PLACE);
  const [dialog, setDialog] = useState<KeyDialog | null>(null);
  const [wanted] = useDebouncedValue(find.trim(), FIND_AFTER_MS);
  const query = new URLSearchParams({
    limit: String(PAGE),
    ...(wanted === "" ? {} : { find: wanted }),
    ...(tenant === null ? {} : { tenant }),
    ...(state === null ? {} : { state }),
    ...(after === "" ? {} : { after }),
  });
  const page = useQuery({
    queryKey: ["keys", "page", query.toString()],
    queryFn: () => api<{ keys: KeyView[]; next: string | null }>(`keys?${query}`),
    placeholderData: keepPreviousData,
  });
  const spent = useSpent(page.data?.keys ?? [], tenant, isOfSome);
  const usedFrom = useUsedFrom(page.data?.keys.map(({ id }) => id) ?? []);
  return (
    <Stack gap="md">
      <PageHead title="Keys" about="API keys of all tenants. The full key is shown only once, when it is created.">
        {rights.canMake && <NewKeyButton tenant={tenant} onNew={(of) => setDialog({ kind: "new", tenant: of })} />}
      </PageHead>
      <Group align="center">
        <TextInput
          aria-label="Find a key"
          placeholder="Find by name, id or last characters"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={find}
          onChange={(event) => void setPlace({ find: event.currentTarget.value || null, after: null })}
          w={{ base: "100%", xs: 320 }}
        />
        <TenantSelect
          aria-label="Tenant"
          placeholder="All tenants"
          clearable
          value={tenant}
          onChange={(value) => void setPlace({ tenant: value, after: null })}
        />
        <Select
          aria-label="State"
          placeholder="Any state"
          clearable
          data={STATE_WORDS}
          value={state}
          onChange={(value) => void setPlace({ state: STATES.find((one) => one === value) ?? null, after: null })}
        />
      </Group>
      <Failed what="The keys could not be loaded" error={page.error ?? spent.error} />
      {page.data === undefined && page.error === null && <Skeleton h={320} radius="md" />}
      {page.data !== undefined && (
        <KeyListing
          keys={page.data.keys}
          spent={spent.data}
          usedFrom={usedFrom}
          isFiltered={wanted !== "" || tenant !== null || state !== null || after !== ""}
          acts={{ ...rights, onDialog: setDialog }}
        />
      )}
      {page.data !== undefined && (
        <CursorPages
          of="keys"
          next={page.data.next}
          isFirst={after === ""}
          onPlace={(place) => void setPlace({ after: place }, { history: "push" })}
        />
      )}
      {dialog !== null && <KeyDialogs dialog={dialog} onClose={() => setDialog(null)} />}
    </Stack>
  );
}

/**
 * Recent cost of the shown keys by their families, micro-dollars; one that cost nothing is not in it. An operator of some
 * tenants may ask for one tenant at a time.
 */
function useSpent(keys: readonly KeyView[], tenant: string | null, isOfSome: boolean) {
  const families = familiesOf(keys);
  return useQuery({
    queryKey: ["usage", "keys", families, tenant],
    queryFn: async () => {
      const from = new Date(Math.ceil(Date.now() / DAY_MS - SPENT_DAYS) * DAY_MS).toISOString();
      const owners = isOfSome && tenant === null ? [...new Set(keys.map((key) => key.tenant))] : [tenant];
      const answers = await Promise.all(
        owners.map((owner) => {
          const asked = owner === null ? families : familiesOf(keys.filter((key) => key.tenant === owner));
          const query = new URLSearchParams({ by: "key", grain: "day", total: "true", from, families: asked });
          if (owner !== null) query.set("tenant", owner);
          return api<{ rows: UsageRow[] }>(`usage?${query}`);
        }),
      );
      return new Map(answers.flatMap(({ rows }) => rows.map((row) => [row.subject, row.costMicroUsd] as const)));
    },
    enabled: families !== "",
  });
}

function familiesOf(keys: readonly KeyView[]): string {
  return [...new Set(keys.map(({ family }) => family))].sort().join(",");
}

/** A key needs a tenant, so this asks for one if none is chosen. */
function NewKeyButton({ tenant, onNew }: { tenant: string | null; onNew: (tenant: string) => void }) {
  const [isAsking, setIsAsking] = useState(false);
  return (
    <>
      <Button
        leftSection={<IconPlus size={16} />}
        onClick={() => (tenant === null ? setIsAsking(true) : onNew(tenant))}
      >
        New key
      </Button>
      {isAsking && (
        <Modal opened onClose={() => setIsAsking(false)} title="New key">
          <TenantSelect
            label="Tenant"
            description="the tenant that the key belongs to"
            value={null}
            data-autofocus
            onChange={(value) => {
              setIsAsking(false);
              if (value !== null) onNew(value);
            }}
          />
        </Modal>
      )}
    </>
  );
}
