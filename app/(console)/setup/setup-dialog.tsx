"use client";

import { Modal } from "@mantine/core";
import type { TierView } from "@/lib/console/tiers/tiers";
import type { Catalog } from "../../_ui/data/catalog";
import { TenantSelect } from "../../_ui/forms/tenant-select";
import { ModelDialog } from "../catalog/model-dialog";
import { KeyDialogs } from "../keys/key-dialogs";
import { ProviderDialog } from "../providers/provider-dialog";
import { NewTenant } from "../tenants/new-tenant";
import { NewTier } from "../tiers/new-tier";
import type { Made } from "./made";

export type SetupKind = "provider" | "model" | "tier" | "tenant" | "key";

/** The form of a step, the same as on the step's own page; it stays here afterwards. */
export function SetupDialog(props: {
  open: SetupKind;
  made: Made;
  catalog: Catalog | undefined;
  tiers: readonly TierView[] | undefined;
  onMade: (change: Partial<Made>) => void;
  onClose: () => void;
}) {
  const { open, made, catalog, tiers = [], onMade, onClose } = props;
  switch (open) {
    case "provider":
      return <ProviderDialog of={null} onClose={onClose} onSaved={(provider) => onMade({ provider })} />;
    case "model":
      return catalog === undefined ? null : (
        <ModelDialog
          of={null}
          provider={made.provider}
          catalog={catalog}
          onClose={onClose}
          onSaved={(model) => onMade({ model })}
        />
      );
    case "tier":
      return <NewTier tiers={tiers} from={null} onClose={onClose} onMade={() => undefined} />;
    case "tenant":
      return <NewTenant onClose={onClose} onMade={(tenant) => onMade({ tenant })} />;
    case "key":
      return <KeyStep tenant={made.tenant} onMade={onMade} onClose={onClose} />;
    default:
      return open satisfies never;
  }
}

/** A key needs a tenant: the one just made, or a chosen one. */
function KeyStep(props: { tenant: string | null; onMade: (change: Partial<Made>) => void; onClose: () => void }) {
  const { tenant, onMade, onClose } = props;
  if (tenant === null)
    return (
      <Modal opened onClose={onClose} title="New key">
        <TenantSelect
          label="Tenant"
          description="the tenant that the key belongs to"
          value={null}
          data-autofocus
          onChange={(value) => onMade({ tenant: value })}
        />
      </Modal>
    );
  const keep = ({ id, key }: { id: string; key: string }) => onMade({ key: { id, text: key } });
  return <KeyDialogs dialog={{ kind: "new", tenant }} onClose={onClose} onMade={keep} />;
}
