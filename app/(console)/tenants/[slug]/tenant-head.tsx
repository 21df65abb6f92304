"use client";

import { Anchor, Badge, Button, Group, Select, Text, TextInput, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconHandStop } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { TenantView } from "@/lib/console/tenants/tenants";
import type { TierView } from "@/lib/console/tiers/tiers";
import { api } from "../../../_ui/data/api";
import { useLive } from "../../../_ui/data/live";
import { CopyId } from "../../../_ui/figures/copy-id";
import { scopeWords } from "../../../_ui/figures/format";
import { FormDialog } from "../../../_ui/forms/dialog";
import { brakesOn } from "../../../_ui/limits/brakes-on";
import { Crumbs } from "../../../_ui/shell/crumbs";

// Loaded later: only a click needs it.
const BrakeDialog = dynamic(() => import("../../brake-dialog").then((part) => part.BrakeDialog), { ssr: false });

type Doing = "stop" | "tier" | "suspend" | "resume";

/** The tenant's name, whether its calls are stopped, and the actions on it: Stop first, also on a phone. */
export function TenantHead({ tenant, canEdit, canStop }: { tenant: TenantView; canEdit: boolean; canStop: boolean }) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const close = () => setDoing(null);
  return (
    <>
      <Group justify="space-between" align="flex-end" gap="sm">
        <Naming tenant={tenant} />
        <Group gap="sm">
          {canStop && (
            <Button color="red.9" leftSection={<IconHandStop size={16} aria-hidden />} onClick={() => setDoing("stop")}>
              Stop…
            </Button>
          )}
          {canEdit && (
            <>
              <Button variant="default" onClick={() => setDoing("tier")}>
                Change tier…
              </Button>
              <Button variant="default" onClick={() => setDoing(tenant.status === "active" ? "suspend" : "resume")}>
                {tenant.status === "active" ? "Suspend…" : "Resume…"}
              </Button>
            </>
          )}
        </Group>
      </Group>
      {doing === "stop" && <BrakeDialog draft={{ scope: "tenant", name: tenant.slug }} onClose={close} />}
      {doing === "tier" && <ChangeTier tenant={tenant} onClose={close} />}
      {(doing === "suspend" || doing === "resume") && <ChangeStatus tenant={tenant} to={doing} onClose={close} />}
    </>
  );
}

function Naming({ tenant }: { tenant: TenantView }) {
  return (
    <div>
      <Crumbs above={[{ label: "Tenants", href: "/tenants" }]} />
      <Group gap="sm">
        <Title order={1} fz="h2">
          {tenant.name}
        </Title>
        <Badge variant="dot" color={tenant.status === "active" ? "teal" : "red"} tt="none">
          {tenant.status}
        </Badge>
        <Stopped tenant={tenant} />
      </Group>
      <Text c="dimmed" size="sm">
        {tenant.slug}
        <CopyId id={tenant.slug} of="slug" /> · tier{" "}
        <Anchor component={Link} href={`/tiers/${tenant.tier}`} size="sm" underline="always">
          {tenant.tier}
        </Anchor>{" "}
        · days begin in {tenant.timeZone} ·{" "}
        <Anchor component={Link} href={`/requests/log?tenant=${tenant.slug}`} size="sm" underline="always">
          requests
        </Anchor>{" "}
        ·{" "}
        <Anchor component={Link} href={`/audit?target=${tenant.slug}`} size="sm" underline="always">
          changes
        </Anchor>
      </Text>
    </div>
  );
}

/** Shows that a brake stops this tenant's calls: then the rest of its limits admits nothing. */
function Stopped({ tenant }: { tenant: TenantView }) {
  const { whole, part } = brakesOn(useLive().data?.brakes ?? [], tenant);
  if (whole.length === 0 && part.length === 0) return null;
  const [words, color] = whole.length > 0 ? ["stopped by a brake", "red.9"] : ["partly stopped by a brake", "orange.9"];
  return (
    <Badge
      component={Link}
      href="/brakes"
      color={color}
      tt="none"
      style={{ cursor: "pointer" }}
      title={[...whole, ...part].map(({ scope, reason }) => `${scopeWords(scope)}: ${reason}`).join("\n")}
    >
      {words}
    </Badge>
  );
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
