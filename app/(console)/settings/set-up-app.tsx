"use client";

import { Box, Button, Code, CopyButton, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { qrCodeOf } from "@/lib/console/access/second-factor/qr-code.shared";
import { api } from "../../_ui/data/api";
import { SecretOnce } from "../../_ui/forms/secret-once";
import { Failed } from "../../_ui/shell/page-head";

type Made = { readonly uri: string; readonly recoveryCodes: readonly string[] };

/** Password, then the secret for the app with its first code, then the recovery codes. Off until the code is correct. */
export function SetUpApp({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const begin = useMutation({
    mutationFn: () => api<Made>("second-factor", { method: "POST", body: { password } }),
  });
  const complete = useMutation({
    mutationFn: () => api("second-factor/code", { method: "POST", body: { code } }),
  });
  const made = begin.data;
  const finish = async () => {
    onClose();
    await queries.invalidateQueries();
  };
  if (made !== undefined && complete.isSuccess) {
    return (
      <SecretOnce
        title="Your second factor is on"
        note="Keep these recovery codes away from your phone. Each code signs you in once. They are shown only now."
        secret={made.recoveryCodes.join("\n")}
        testId="recovery-codes"
        onClose={finish}
      />
    );
  }
  if (made !== undefined) {
    return (
      <Step
        label="Turn it on"
        isReady={code.trim() !== ""}
        isBusy={complete.isPending}
        onSubmit={() => complete.mutate()}
        onClose={onClose}
      >
        <Text size="sm">Scan this code with the app, or type the secret into the app.</Text>
        <QrDrawing text={made.uri} />
        <Secret uri={made.uri} />
        <TextInput
          label="First code from the app"
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
          autoComplete="one-time-code"
          inputMode="numeric"
          required
          data-autofocus
        />
        <Failed what="Second factor not turned on" error={complete.error} />
      </Step>
    );
  }
  return (
    <Step
      label="Go on"
      isReady={password !== ""}
      isBusy={begin.isPending}
      onSubmit={() => begin.mutate()}
      onClose={onClose}
    >
      <Text size="sm">
        Any app for time-based codes works. You also get ten recovery codes in case you lose the app.
      </Text>
      <PasswordInput
        label="Your password"
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
        autoComplete="current-password"
        required
        data-autofocus
      />
      <Failed what="Not begun" error={begin.error} />
    </Step>
  );
}

function Step(props: {
  label: string;
  isReady: boolean;
  isBusy: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const send = (event: FormEvent) => {
    event.preventDefault();
    props.onSubmit();
  };
  return (
    <Modal opened onClose={props.onClose} title="Set up an authenticator app" closeOnClickOutside={false}>
      <form onSubmit={send}>
        <Stack>
          {props.children}
          <Group justify="flex-end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={props.isBusy} disabled={!props.isReady}>
              {props.label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

/** In groups of four, for reading aloud. */
function Secret({ uri }: { uri: string }) {
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <Code block data-testid="app-secret" style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }} flex={1}>
        {(secret.match(/.{1,4}/g) ?? []).join(" ")}
      </Code>
      <CopyButton value={secret}>
        {({ copied, copy }) => (
          <Button variant="light" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}

const QUIET_MODULES = 4;

/** Dark on light in both themes: some apps can scan nothing else. */
function QrDrawing({ text }: { text: string }) {
  const code = qrCodeOf(text);
  const side = code.length + 2 * QUIET_MODULES;
  const path = code
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h1v1h-1z` : "")))
    .join("");
  return (
    <Box ta="center">
      <svg viewBox={`0 0 ${side} ${side}`} width={232} height={232} role="img" shapeRendering="crispEdges">
        <title>QR code for the authenticator app</title>
        <rect width={side} height={side} fill="#fff" />
        <path d={path} fill="#000" />
      </svg>
    </Box>
  );
}
