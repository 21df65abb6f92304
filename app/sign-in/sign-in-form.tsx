"use client";

import { Alert, Button, Center, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { useSearchParams } from "next/navigation";
import { type FormEvent, useState } from "react";
import { CodeForm } from "./code-form";
import { faultWords } from "./fault-words";

export function SignInForm({ oidcName }: { oidcName: string | null }) {
  const [fault, setFault] = useState<string | null>(null);
  // A failed single sign-on returns here with its error.
  const refused = useSearchParams().get("error");
  const [isBusy, setBusy] = useState(false);
  const [needsCode, setNeedsCode] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    const form = new FormData(event.currentTarget);
    const body = JSON.stringify({ email: form.get("email"), password: form.get("password") });
    const answer = await fetch("/api/auth/sign-in/email", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    }).catch(() => null);
    if (answer?.ok) {
      const told: { twoFactorRedirect?: boolean } = await answer.json();
      if (told.twoFactorRedirect !== true) return window.location.assign(nextPath());
      setBusy(false);
      return setNeedsCode(true);
    }
    setFault(faultWords(answer?.status ?? null, Number(answer?.headers.get("retry-after") ?? 0)));
    setBusy(false);
  };

  const signInElsewhere = async () => {
    setBusy(true);
    const answer = await fetch("/api/auth/sign-in/social", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ provider: "sso", callbackURL: nextPath(), errorCallbackURL: "/sign-in" }),
    }).catch(() => null);
    const told: { url?: string } | null = answer?.ok ? await answer.json() : null;
    if (told?.url !== undefined) return window.location.assign(told.url);
    setFault(answer === null ? faultWords(null) : `${oidcName} cannot be reached. Sign in by password.`);
    setBusy(false);
  };

  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder p="xl" radius="lg" w="100%" maw={400}>
        <Stack>
          <Group gap="sm">
            {/* biome-ignore lint/performance/noImgElement: a local SVG of 300 bytes needs no optimizer. */}
            <img src="/icon.svg" alt="" width={32} height={32} />
            <Title order={1} fz="xl">
              Spillway
            </Title>
          </Group>
          {needsCode ? (
            <CodeForm onEntered={() => window.location.assign(nextPath())} onBack={() => setNeedsCode(false)} />
          ) : (
            <form onSubmit={submit}>
              <Stack>
                <Text c="dimmed" size="sm">
                  Sign in to the operators' console.
                </Text>
                {(fault !== null || refused !== null) && (
                  <Alert color="red" icon={<IconAlertCircle />} role="alert">
                    {fault ?? refusedWords(refused ?? "", oidcName ?? "")}
                  </Alert>
                )}
                <TextInput label="E-mail" name="email" type="email" autoComplete="username" required autoFocus />
                <PasswordInput label="Password" name="password" autoComplete="current-password" required />
                <Button type="submit" loading={isBusy} fullWidth>
                  Sign in
                </Button>
                {oidcName !== null && (
                  <Button variant="default" onClick={signInElsewhere} loading={isBusy} fullWidth>
                    Sign in with {oidcName}
                  </Button>
                )}
              </Stack>
            </form>
          )}
        </Stack>
      </Paper>
    </Center>
  );
}

/** Only a path of ours: an absolute or protocol-relative target could lead to another site. */
function nextPath(): string {
  const wanted = new URLSearchParams(window.location.search).get("next") ?? "/";
  return /^\/[a-z0-9][a-z0-9/-]*$/i.test(wanted) ? wanted : "/";
}

function refusedWords(code: string, name: string): string {
  if (code === "no_group")
    return `${name} signed you in, but none of your groups has a role here. Ask an admin which group you need.`;
  if (code === "no_tenant")
    return `${name} signed you in, but none of your groups has a tenant here. Ask an admin which group you need.`;
  if (code === "admin_of_some")
    return `${name} signed you in as an admin, but an admin sees all tenants and your groups give only some. Ask an admin.`;
  if (code === "groups_unreadable")
    return `${name} signed you in, but did not list your groups. Try again. If it persists, an admin can give you a role.`;
  if (code === "emergency_account") return "This account is opened only by the operator token.";
  if (/signup|sign_up|not_linked|unable_to_link/.test(code))
    return `${name} signed you in, but there is no operator with your address. An admin can create one.`;
  return `${name} did not sign you in (${code.replaceAll("_", " ")}).`;
}
