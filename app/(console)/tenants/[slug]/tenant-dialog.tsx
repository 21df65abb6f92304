"use client";

import { Button, Group, Select, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { FormDialog } from "../../../_ui/forms/dialog";

type DialogOf = {
  readonly doing: "tier" | "suspend" | "resume";
  readonly tenant: TenantView;
  readonly onClose: () => void;
};

/** Another tier, or suspended, or active again: each with its reason. */
export function TenantDialog({ doing, tenant, onClose }: DialogOf) {
  if (doing === "tier") return <ChangeTier tenant={tenant} onClose={onClose} />;
  return <ChangeStatus tenant={tenant} to={doing} onClose={onClose} />;
}

function useEdit(tenant: TenantView) {
  const queries = useQueryClient();
  return async (body: { tier?: string; status?: "active" | "suspended"; reason: string }) => {
    const path = `tenants/${encodeURIComponent(tenant.slug)}`;
    const changed = await api<TenantView>(path, { method: "PATCH", body });
    queries.setQueryData(["tenants", tenant.slug], changed);
    await queries.invalidateQueries();
  };
}

function ChangeTier({ tenant, onClose }: { tenant: TenantView; onClose: () => void }) {
  const tiers = useQuery({ queryKey: ["tiers"], queryFn: () => api<{ tiers: TierView[] }>("tiers") });
  // Kept, because the tenant already has the new tier when Undo is pressed.
  const [before] = useState(tenant.tier);
  const [tier, setTier] = useState(before);
  const [reason, setReason] = useState("");
  const edit = useEdit(tenant);
  const back = async () => {
    await edit({ tier: before, reason: `undone: ${reason.trim()}` });
    notifications.show({ color: "teal", title: "Undone", message: `${tenant.name} is on ${before} again.` });
  };
  return (
    <FormDialog
      title={`Change the tier of ${tenant.name}`}
      label="Change tier"
      done={<Undo text={`${tenant.name} is on ${tier}. In force for the next call.`} undo={back} />}
      isReady={tier !== before && reason.trim() !== ""}
      submit={() => edit({ tier, reason: reason.trim() })}
      onClose={onClose}
    >
      <Text size="sm">The limits of the new tier apply to the next call. Current usage is kept.</Text>
      <Select
        label="Tier"
        data={tiers.data?.tiers.map((one) => ({ value: one.slug, label: one.name })) ?? [before]}
        value={tier}
        allowDeselect={false}
        onChange={(next) => setTier(next ?? before)}
      />
      <Reason value={reason} onChange={setReason} />
    </FormDialog>
  );
}

function ChangeStatus({ tenant, to, onClose }: { tenant: TenantView; to: "suspend" | "resume"; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const edit = useEdit(tenant);
  const isEnd = to === "suspend";
  return (
    <FormDialog
      title={`${isEnd ? "Suspend" : "Resume"} ${tenant.name}`}
      label={isEnd ? "Suspend" : "Resume"}
      {...(isEnd ? { colour: "red.9" } : {})}
      done={`${tenant.name} is ${isEnd ? "suspended" : "active"} from the next call.`}
      isReady={reason.trim() !== ""}
      submit={() => edit({ status: isEnd ? "suspended" : "active", reason: reason.trim() })}
      onClose={onClose}
    >
      <Text size="sm">
        {isEnd
          ? "Its next call is refused with 403. Running calls finish; a brake can cut them."
          : "Its next call is admitted, within its limits."}
      </Text>
      <Reason value={reason} onChange={setReason} />
    </FormDialog>
  );
}

function Reason({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  return (
    <TextInput
      label="Reason"
      description="goes to the audit log"
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      required
      data-autofocus
    />
  );
}

function Undo({ text, undo }: { text: string; undo: () => Promise<void> }) {
  const [isUndone, setIsUndone] = useState(false);
  const take = () => {
    setIsUndone(true);
    void undo().catch((error: unknown) =>
      notifications.show({ color: "red", title: "Not undone", message: error instanceof Error ? error.message : "" }),
    );
  };
  return (
    <Group justify="space-between" gap="xs">
      <Text size="sm">{text}</Text>
      <Button size="compact-sm" variant="default" disabled={isUndone} onClick={take}>
        Undo
      </Button>
    </Group>
  );
}
