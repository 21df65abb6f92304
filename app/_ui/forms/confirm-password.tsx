"use client";

import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api, onConfirmation } from "../data/api";

type Asked = { readonly why: string; readonly answer: (isGiven: boolean) => void };

/** Asks for the operator's password, and the second factor's code, when an action needs it again; then continues it. */
export function ConfirmPassword() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const factor = useQuery({
    queryKey: ["second-factor"],
    queryFn: () => api<{ on: boolean }>("second-factor"),
    enabled: asked !== null,
  });
  const needsCode = factor.data?.on === true;
  useEffect(
    () => onConfirmation((why) => new Promise((answer) => setAsked({ why, answer: (isGiven) => answer(isGiven) }))),
    [],
  );
  if (asked === null) return null;
  const close = (isGiven: boolean) => {
    asked.answer(isGiven);
    setAsked(null);
    setPassword("");
    setCode("");
    setFault(null);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api("confirm", { method: "POST", body: needsCode ? { password, code } : { password } });
      close(true);
    } catch (error) {
      setFault(error instanceof Error ? error.message : "The password could not be checked.");
    }
  };
  return (
    <Modal opened onClose={() => close(false)} title="Confirm your password" zIndex={400}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{asked.why}</Text>
          <PasswordInput
            label="Password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            error={fault}
            autoComplete="current-password"
            required
            data-autofocus
          />
          {needsCode && (
            <TextInput
              label="Code"
              description="from your authenticator app, or a recovery code"
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
              autoComplete="one-time-code"
              required
            />
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => close(false)}>
              Cancel
            </Button>
            <Button type="submit">Go on</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
