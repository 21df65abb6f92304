"use client";

import { Badge, Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import type { StaffView } from "@/lib/console/access/staff";
import type { SettingsView } from "@/lib/console/overview/settings";
import { api } from "../../_ui/data/api";
import { ManagedBadge } from "../../_ui/data/managed";
import { WhenLoaded } from "../../_ui/data/when-loaded";
import { Listing } from "../../_ui/figures/listing";
import { Moment } from "../../_ui/figures/moment";
import { Act } from "../../_ui/forms/act";
import { FormDialog } from "../../_ui/forms/dialog";
import { SecretOnce } from "../../_ui/forms/secret-once";
import { Failed, PageHead } from "../../_ui/shell/page-head";

// Loaded later: only a dialog needs it.
const TenantsField = dynamic(() => import("./tenants-field").then((part) => part.TenantsField), { ssr: false });

const EVERY_MS = 5000;
const ROLE_WORDS = [
  { value: "viewer", label: "viewer: reads everything" },
  { value: "operator", label: "operator: also sets brakes, boosts, mutes" },
  { value: "admin", label: "admin: everything" },
];

/** By the path that makes the operator. */
const WAYS = [
  { value: "invitations", label: "one-time link, three days" },
  { value: "staff", label: "first password, which you send" },
];

/** What lets an operator in, shown once: a link to choose a password, or a first password. */
type Secret = { readonly email: string; readonly password: string } | { readonly email: string; readonly url: string };
type Doing = { readonly what: "edit" | "link" | "password" | "sessions" | "factor"; readonly one: StaffView };

/** The operators: roles, open sessions, invitations and removal. */
export function StaffPage({ own }: { own: string }) {
  const [isNew, setIsNew] = useState(false);
  const [doing, setDoing] = useState<Doing | null>(null);
  const [secret, setSecret] = useState<Secret | null>(null);
  const staff = useQuery({
    queryKey: ["staff"],
    queryFn: () => api<{ staff: StaffView[] }>("staff"),
    refetchInterval: EVERY_MS,
  });
  const close = () => setDoing(null);
  return (
    <Stack gap="md">
      <PageHead
        title="Staff"
        about="Operators of this console. A new role or a removal takes effect at their next click."
      >
        <Button leftSection={<IconPlus size={16} />} onClick={() => setIsNew(true)}>
          New operator
        </Button>
      </PageHead>
      <Failed what="The operators could not be loaded" error={staff.error} />
      <WhenLoaded height={160}>
        {staff.data !== undefined && (
          <Listing
            title="Operators"
            head={["Name", "E-mail", "Role", "Tenants", "Second factor", "Sessions", "Last seen", "Actions"]}
            texts={[1, 2, 3, 4, 6]}
            empty="No operators yet. Only the operator token works."
            rows={staff.data.staff.map((one) => ({
              id: one.id,
              cells: [
                <span key="name">
                  {one.name}
                  <ManagedBadge kind="operator" name={one.email} />
                </span>,
                one.email,
                <RoleBadge key="role" one={one} />,
                tenantWords(one.tenants),
                one.secondFactor ? "on" : "off",
                one.sessions,
                one.lastSeen === null ? "–" : <Moment key="seen" at={one.lastSeen} form="short" />,
                <Group key="actions" gap={4} justify="flex-end">
                  {one.email !== own && (
                    <Act label="Edit…" of={one.email} onClick={() => setDoing({ what: "edit", one })} />
                  )}
                  {!one.disabled && one.roleFrom === "hand" && (
                    <Act label="New link…" of={one.email} onClick={() => setDoing({ what: "link", one })} />
                  )}
                  {one.roleFrom === "hand" && (
                    <Act label="New password…" of={one.email} onClick={() => setDoing({ what: "password", one })} />
                  )}
                  {one.sessions > 0 && (
                    <Act label="End sessions…" of={one.email} onClick={() => setDoing({ what: "sessions", one })} />
                  )}
                  {one.secondFactor && one.email !== own && (
                    <Act label="Reset factor…" of={one.email} onClick={() => setDoing({ what: "factor", one })} />
                  )}
                </Group>,
              ],
            }))}
          />
        )}
      </WhenLoaded>
      {isNew && <NewOperator onMade={setSecret} onClose={() => setIsNew(false)} />}
      {doing !== null && <DoingDialog doing={doing} onSecret={setSecret} onClose={close} />}
      {secret !== null && (
        <SecretOnce
          title={`${"url" in secret ? "Link" : "Password"} of ${secret.email}`}
          note="Send it over a secure channel. It is shown only once."
          secret={"url" in secret ? secret.url : secret.password}
          testId={"url" in secret ? "new-link" : "new-password"}
          onClose={() => setSecret(null)}
        />
      )}
    </Stack>
  );
}

function RoleBadge({ one }: { one: StaffView }) {
  const color = one.disabled ? "gray.7" : one.role === "admin" ? "grape.8" : "blue.8";
  return (
    <Group gap={6} wrap="nowrap">
      <Badge color={color} tt="none" miw="max-content">
        {one.disabled ? "disabled" : one.role}
      </Badge>
      {one.roleFrom === "groups" && (
        <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          by groups
        </Text>
      )}
    </Group>
  );
}

function tenantWords(tenants: StaffView["tenants"]): string {
  if (tenants === null) return "all";
  const more = tenants.length - TENANTS_SHOWN;
  return `${tenants.slice(0, TENANTS_SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const TENANTS_SHOWN = 3;

/** Actions on one operator. */
function DoingDialog(props: { doing: Doing; onSecret: (secret: Secret) => void; onClose: () => void }) {
  const { onSecret, onClose } = props;
  const { what, one } = props.doing;
  switch (what) {
    case "edit":
      return <Edit one={one} onClose={onClose} />;
    case "link":
      return (
        <FormDialog<Secret>
          title={`Link for ${one.email}`}
          label="Create"
          done="Earlier links of this operator no longer work."
          submit={() => api<Secret>(`staff/${one.id}/invitation`, { method: "POST", body: {} })}
          onDone={onSecret}
          onClose={onClose}
        >
          <Text size="sm">
            The operator chooses a new password with this link, once, within three days. Until then the current password
            works.
          </Text>
        </FormDialog>
      );
    case "password":
      return (
        <FormDialog<Secret>
          title={`New password for ${one.email}`}
          label="Create"
          done="The old password no longer works. All sessions have ended."
          submit={() => api<Secret>(`staff/${one.id}/password`, { method: "POST", body: {} })}
          onDone={onSecret}
          onClose={onClose}
        >
          <Text size="sm">The old password stops working at once, and all sessions of this operator end.</Text>
        </FormDialog>
      );
    case "sessions":
      return (
        <FormDialog
          title={`End the sessions of ${one.email}`}
          label="End them"
          done="Their next click leads to sign-in."
          submit={() => api(`staff/${one.id}/sessions`, { method: "DELETE", body: {} })}
          onClose={onClose}
        >
          <Text size="sm">Their next click leads to sign-in. They can sign in again.</Text>
        </FormDialog>
      );
    case "factor":
      return (
        <FormDialog
          title={`Reset the second factor of ${one.email}`}
          label="Reset it"
          done="They sign in with the password alone until they set up another app."
          submit={() => api(`staff/${one.id}/second-factor`, { method: "DELETE", body: {} })}
          onClose={onClose}
        >
          <Text size="sm">
            For an operator who lost the app and the recovery codes. Verify who asks. All sessions end, and the operator
            signs in with the password alone.
          </Text>
        </FormDialog>
      );
    default:
      return what satisfies never;
  }
}

function NewOperator({ onMade, onClose }: { onMade: (secret: Secret) => void; onClose: () => void }) {
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [tenants, setTenants] = useState<readonly string[] | null>(null);
  const [way, setWay] = useState("invitations");
  return (
    <FormDialog<Secret>
      title="New operator"
      label="Create"
      done={`${email} may sign in.`}
      isReady={email.trim() !== "" && name.trim() !== "" && scopeOf(role, tenants)?.length !== 0}
      submit={() => {
        const body = { email: email.trim(), name: name.trim(), role, tenants: scopeOf(role, tenants) };
        return api<Secret>(way, { method: "POST", body });
      }}
      onDone={onMade}
      onClose={onClose}
    >
      <TextInput
        label="E-mail"
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        maxLength={100}
      />
      <Select
        label="Role"
        data={ROLE_WORDS}
        value={role}
        allowDeselect={false}
        onChange={(value) => setRole(value ?? "viewer")}
      />
      <TenantsField role={role} value={tenants} onChange={setTenants} />
      <Select
        label="First sign-in"
        data={WAYS}
        value={way}
        allowDeselect={false}
        onChange={(value) => setWay(value ?? "invitations")}
      />
    </FormDialog>
  );
}

/** As the server takes them: null = all. An admin has no others. */
function scopeOf(role: string, tenants: readonly string[] | null): readonly string[] | null {
  return role === "admin" ? null : tenants;
}

/** In place of a role: the groups of single sign-on give it. */
const BY_GROUPS = "groups";

function Edit({ one, onClose }: { one: StaffView; onClose: () => void }) {
  const settings = useQuery({ queryKey: ["settings"], queryFn: () => api<SettingsView>("settings") });
  const isOffered = one.roleFrom === "groups" || (settings.data?.installation.oidcGroups ?? null) !== null;
  const first = one.roleFrom === "groups" ? BY_GROUPS : one.role;
  const [role, setRole] = useState<string>(first);
  const [state, setState] = useState(one.disabled ? "out" : "in");
  const [tenants, setTenants] = useState<readonly string[] | null>(one.tenants);
  const given = role === first ? {} : role === BY_GROUPS ? { roleFrom: role } : { role };
  const wanted = scopeOf(role, tenants);
  // By groups they are the groups' where OIDC_TENANTS is set: sent only when they were changed here.
  const scope = JSON.stringify(wanted) === JSON.stringify(one.tenants) ? {} : { tenants: wanted };
  return (
    <FormDialog
      title={`Change ${one.email}`}
      label="Change it"
      done="Takes effect at their next click."
      isReady={wanted?.length !== 0}
      submit={() =>
        api(`staff/${one.id}`, { method: "PATCH", body: { ...given, ...scope, disabled: state === "out" } })
      }
      onClose={onClose}
    >
      <Select
        label="Role"
        description={noteOf(first, role)}
        data={isOffered ? [...ROLE_WORDS, { value: BY_GROUPS, label: "by the groups of single sign-on" }] : ROLE_WORDS}
        value={role}
        allowDeselect={false}
        onChange={(value) => setRole(value ?? first)}
      />
      <TenantsField role={role} value={tenants} onChange={setTenants} />
      <Select
        label="May sign in"
        data={[
          { value: "in", label: "yes" },
          { value: "out", label: "no: open sessions end immediately" },
        ]}
        value={state}
        allowDeselect={false}
        onChange={(value) => setState(value ?? "in")}
      />
    </FormDialog>
  );
}

function noteOf(before: string, role: string): string | null {
  if (role === before) return null;
  if (role === BY_GROUPS) return "Their sessions and their password end. At each sign-in their groups give the role.";
  return before === BY_GROUPS ? "From now on groups do not change it." : null;
}
