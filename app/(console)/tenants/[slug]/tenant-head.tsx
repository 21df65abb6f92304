"use client";

import { Anchor, Badge, Button, Group, Text, Title } from "@mantine/core";
import { IconHandStop } from "@tabler/icons-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import { scopeWords } from "@/lib/console/brakes/scope-words.shared";
import type { TenantView } from "@/lib/console/tenants/tenants";
import { useBrakesOn } from "../../../_ui/data/live";
import { CopyId } from "../../../_ui/figures/copy-id";
import { brakesOn } from "../../../_ui/limits/brakes-on";
import { Crumbs } from "../../../_ui/shell/crumbs";

// Loaded later: only a click needs it.
const BrakeDialog = dynamic(() => import("../../brake-dialog").then((part) => part.BrakeDialog), { ssr: false });

const TenantDialog = dynamic(() => import("./tenant-dialog").then((part) => part.TenantDialog), { ssr: false });

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
      {doing !== null && doing !== "stop" && <TenantDialog doing={doing} tenant={tenant} onClose={close} />}
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
          {tenant.tierName}
        </Anchor>{" "}
        · time zone {tenant.timeZone} ·{" "}
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
  const { whole, part } = brakesOn(useBrakesOn(), tenant);
  if (whole.length === 0 && part.length === 0) return null;
  const [words, color] = whole.length > 0 ? ["stopped by a brake", "red.9"] : ["partly stopped by a brake", "orange.9"];
  return (
    <Badge
      component={Link}
      href="/brakes"
      color={color}
      tt="none"
      style={{ cursor: "pointer" }}
      title={[...whole, ...part].map(({ scope, names, reason }) => `${scopeWords(scope, names)}: ${reason}`).join("\n")}
    >
      {words}
    </Badge>
  );
}
