"use client";

import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { api, onConfirmation } from "../data/api";

type Asked = { readonly why: string; readonly answer: (isGiven: boolean) => void };

/** Asks for the operator's password when an action needs it again, then continues the action. */
export function ConfirmPassword() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [password, setPassword] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  useEffect(
    () => onConfirmation((why) => new Promise((answer) => setAsked({ why, answer: (isGiven) => answer(isGiven) }))),
    [],
  );
  if (asked === null) return null;
  const close = (isGiven: boolean) => {
    asked.answer(isGiven);
    setAsked(null);
    setPassword("");
    setFault(null);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await api("confirm", { method: "POST", body: { password } });
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
