"use client";

import { Alert, Anchor, Button, Center, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";

const PASSWORD_CHARS_MIN = 12;

/** An invited operator chooses a password, and is signed in with it. The link's secret stays in the hash of the address. */
export function InvitationForm() {
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const password = String(form.get("password"));
    if (password !== form.get("again")) return setFault("The two passwords differ.");
    setBusy(true);
    setFault(await enter(window.location.hash.slice(1), password));
    setBusy(false);
  };
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder p="xl" radius="lg" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} fz="xl">
              Choose your password
            </Title>
            <Text c="dimmed" size="sm">
              You were invited to the operators' console of Spillway. The link works once.
            </Text>
            {fault !== null && (
              <Alert color="red" role="alert">
                {fault}
              </Alert>
            )}
            <PasswordInput
              label="Password"
              description={`at least ${PASSWORD_CHARS_MIN} characters`}
              name="password"
              minLength={PASSWORD_CHARS_MIN}
              maxLength={128}
              autoComplete="new-password"
              required
            />
            <PasswordInput label="Repeat the password" name="again" autoComplete="new-password" required />
            <Button type="submit" loading={isBusy} fullWidth>
              Set password and sign in
            </Button>
            <Anchor href="/sign-in" size="sm">
              I already have a password
            </Anchor>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

/** Sets the password and signs in. Returns the error in words, or null while the browser opens the next page. */
async function enter(token: string, password: string): Promise<string | null> {
  const accepted = await post("invitation", { token, password });
  if (accepted === null) return "The server cannot be reached.";
  const answer = await accepted.json();
  if (accepted.status === 400) return "This link is incomplete. Copy the whole link, or ask an admin for a new one.";
  if (!accepted.ok) return String(answer.detail);
  const signedIn = await post("email", { email: String(answer.email), password });
  window.location.assign(signedIn?.ok ? "/" : "/sign-in");
  return null;
}

function post(path: string, body: object): Promise<Response | null> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return fetch(`/api/auth/sign-in/${path}`, init).catch(() => null);
}
