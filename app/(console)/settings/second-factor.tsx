"use client";

import { Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useState } from "react";
import { api } from "../../_ui/data/api";
import { plural } from "../../_ui/figures/format";
import { SecretOnce } from "../../_ui/forms/secret-once";

export type SecondFactorView = { readonly on: boolean; readonly recoveryCodes: number };

const FEW_CODES = 3;

// Seldom opened, so the QR code library is loaded with it.
const SetUp = dynamic(() => import("./set-up-app").then((part) => part.SetUpApp), { ssr: false });
const ByCode = dynamic(() => import("./by-code").then((part) => part.ByCode), { ssr: false });

export function useSecondFactor() {
  return useQuery({ queryKey: ["second-factor"], queryFn: () => api<SecondFactorView>("second-factor") });
}

/** The operator's authenticator app: set up, new recovery codes, off. */
export function SecondFactor({ view }: { view: SecondFactorView }) {
  const [doing, setDoing] = useState<"set-up" | "codes" | "off" | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const close = () => setDoing(null);
  return (
    <Card component="section" aria-label="Second factor">
      <Stack gap="sm">
        <div>
          <Group gap="xs">
            <Title order={2} fz="md">
              Second factor
            </Title>
            <Badge color={view.on ? "teal.9" : "gray.7"} tt="none">
              {view.on ? "on" : "off"}
            </Badge>
          </Group>
          <Text size="xs" c="dimmed">
            {view.on
              ? "required at sign-in, and with your password before sensitive actions"
              : "a code from an authenticator app, required at sign-in after your password"}
          </Text>
        </div>
        {view.on && (
          <Text size="sm">
            {plural(view.recoveryCodes, "recovery code")} left
            {view.recoveryCodes <= FEW_CODES ? ": replace them before they run out." : ", for when the app is lost."}
          </Text>
        )}
        <Group>
          {view.on ? (
            <>
              <Button variant="default" onClick={() => setDoing("codes")}>
                New recovery codes…
              </Button>
              <Button variant="default" onClick={() => setDoing("off")}>
                Turn it off…
              </Button>
            </>
          ) : (
            <Button onClick={() => setDoing("set-up")}>Set up an app…</Button>
          )}
        </Group>
      </Stack>
      {doing === "set-up" && <SetUp onClose={close} />}
      {(doing === "codes" || doing === "off") && <ByCode what={doing} onCodes={setCodes} onClose={close} />}
      {codes !== null && (
        <SecretOnce
          title="Your new recovery codes"
          note="Each code signs you in once if you lose the app. The earlier codes no longer work. The codes are shown only now."
          secret={codes.join("\n")}
          testId="recovery-codes"
          onClose={() => setCodes(null)}
        />
      )}
    </Card>
  );
}
