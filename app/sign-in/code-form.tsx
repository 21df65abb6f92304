"use client";

import { Alert, Button, Stack, Text, TextInput } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { faultWords } from "./fault-words";

const OF_APP = /^\d{6}$/;

/** The second step of a sign-in: a code of the authenticator app, or a recovery code. */
export function CodeForm({ onEntered, onBack }: { onEntered: () => void; onBack: () => void }) {
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget).get("code")).replace(/\s/g, "");
    setBusy(true);
    setFault(null);
    const step = OF_APP.test(code) ? "verify-totp" : "verify-backup-code";
    const answer = await fetch(`/api/auth/two-factor/${step}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code }),
    }).catch(() => null);
    if (answer?.ok) return onEntered();
    const isSpent = answer?.status === 400;
    setFault(isSpent ? "Too many codes were tried. Sign in again." : codeFaultWords(answer));
    setBusy(false);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">Password accepted. Enter the code from your authenticator app.</Text>
        {fault !== null && (
          <Alert color="red" icon={<IconAlertCircle />} role="alert">
            {fault}
          </Alert>
        )}
        <TextInput
          label="Code"
          description="or a recovery code"
          name="code"
          autoComplete="one-time-code"
          maxLength={32}
          required
          autoFocus
        />
        <Button type="submit" loading={isBusy} fullWidth>
          Sign in
        </Button>
        <Button variant="subtle" onClick={onBack} fullWidth>
          Start again
        </Button>
      </Stack>
    </form>
  );
}

function codeFaultWords(answer: Response | null): string {
  if (answer?.status === 401)
    return "The code is wrong or was already used, or ten minutes have passed since you entered the password.";
  return faultWords(answer?.status ?? null, Number(answer?.headers.get("retry-after") ?? 0));
}
