"use client";

import { PasswordInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";

type Answer = { readonly recoveryCodes?: readonly string[] };

const WORDS = {
  off: {
    title: "Turn your second factor off",
    label: "Turn it off",
    done: "You sign in with your password alone.",
    about: "Sign-in asks only for your password again. You can then delete Spillway's entry in the app.",
  },
  codes: {
    title: "New recovery codes",
    label: "Replace them",
    done: "The earlier recovery codes no longer work.",
    about: "You get ten new codes. The earlier codes stop working.",
  },
};

/** An action on the operator's own second factor, with password and code. */
export function ByCode(props: {
  what: keyof typeof WORDS;
  onCodes: (codes: readonly string[]) => void;
  onClose: () => void;
}) {
  const { what, onCodes, onClose } = props;
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { title, label, done, about } = WORDS[what];
  const submit = () =>
    what === "off"
      ? api<Answer>("second-factor", { method: "DELETE", body: { password, code } })
      : api<Answer>("second-factor/recovery-codes", { method: "POST", body: { password, code } });
  return (
    <FormDialog<Answer>
      title={title}
      label={label}
      done={done}
      isReady={password !== "" && code.trim() !== ""}
      submit={submit}
      onDone={({ recoveryCodes }) => recoveryCodes !== undefined && onCodes(recoveryCodes)}
      onClose={onClose}
    >
      <Text size="sm">{about}</Text>
      <PasswordInput
        label="Password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="current-password"
        required
        data-autofocus
      />
      <TextInput
        label="Code"
        description="from your authenticator app, or a recovery code"
        value={code}
        onChange={(event) => setCode(event.currentTarget.value)}
        autoComplete="one-time-code"
        required
      />
    </FormDialog>
  );
}
