"use client";

import { Alert, Button, Card, Group, Modal, Stack, Text, Title } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { OwnUsage } from "@/lib/gateway/routes/serve-own-books";
import { rotateOwn } from "../_ui/data/key-holder";
import { SecretOnce } from "../_ui/forms/secret-once";
import { Failed } from "../_ui/shell/page-head";

type Asked = { readonly key: string; readonly user: string };

/** Replaces the holder's key, where operators allow it; nothing otherwise. The new key is shown once. */
export function RotateMine({ asked, own }: { asked: Asked; own: OwnUsage["key"] }) {
  const queries = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const rotate = useMutation({ mutationFn: () => rotateOwn(asked), gcTime: 0 });
  const close = async () => {
    setIsAsking(false);
    rotate.reset();
    await queries.invalidateQueries({ queryKey: ["my-usage"] });
  };
  if (rotate.data !== undefined) {
    return (
      <SecretOnce
        title="Copy your new key now"
        note="It is shown only once. Both keys work now. The old key expires 24 hours after the first call with the new key."
        secret={rotate.data.key}
        testId="new-key"
        onClose={close}
      />
    );
  }
  if (own.is_rotated) return <Replaced />;
  if (!own.may_rotate) return null;
  return (
    <Card component="section" aria-label="Rotate this key">
      <Group justify="space-between" align="flex-end">
        <Stack gap={4} maw={480}>
          <Title order={2} fz="md">
            Rotate this key
          </Title>
          <Text size="sm" c="dimmed">
            You get a new key with the same rights, limits and expiry. No call fails: both keys work for a while.
          </Text>
        </Stack>
        <Button variant="default" onClick={() => setIsAsking(true)}>
          Rotate…
        </Button>
      </Group>
      <Modal opened={isAsking} onClose={close} title="Rotate this key">
        <Stack>
          <Text size="sm">
            The new key is shown once. Put it in place of the old key everywhere. The old key expires 24 hours after the
            first call with the new key. Your operators see the rotation.
          </Text>
          <Failed what="Not rotated" error={rotate.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
              Create the new key
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Card>
  );
}

function Replaced() {
  return (
    <Alert color="blue" icon={<IconKey />} title="This key has been replaced." role="status">
      Use the new key: this key's remaining time starts with the first call with the new key. If you do not have the new
      key, ask your operators to revoke it.
    </Alert>
  );
}
