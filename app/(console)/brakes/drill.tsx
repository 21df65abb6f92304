"use client";

import { Button, List, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { DrillView } from "@/lib/console/brakes/drill";
import { api } from "../../_ui/data/api";
import { Failed } from "../../_ui/shell/page-head";

/** Tests the brake without stopping any call, and shows how soon each process had it. */
export function Drill() {
  const queries = useQueryClient();
  const drill = useMutation({
    mutationFn: () => api<DrillView>("brakes/drill", { method: "POST", body: {} }),
    onSuccess: () => queries.invalidateQueries(),
  });
  const isShown = drill.data !== undefined || drill.error !== null;
  return (
    <>
      <Button variant="default" loading={drill.isPending} onClick={() => drill.mutate()}>
        Drill
      </Button>
      <Modal opened={isShown} onClose={drill.reset} title="Drill">
        <Stack gap="xs">
          <Failed what="The drill did not run" error={drill.error} />
          {drill.data !== undefined && (
            <>
              <Text fw={600}>
                {drill.data.slowestMs === null
                  ? "Not every process enforced the brake within 10 seconds."
                  : `Every process enforced it within ${drill.data.slowestMs} ms.`}
              </Text>
              <Text size="sm" c="dimmed">
                The drill set a brake on a key that does not exist, then lifted it. It matched no call.
              </Text>
              <List size="sm">
                {drill.data.processes.map((one) => (
                  <List.Item key={one.id} className="figure">
                    {one.id}: {one.tookMs === null ? "not in time" : `${one.tookMs} ms`}
                  </List.Item>
                ))}
              </List>
            </>
          )}
        </Stack>
      </Modal>
    </>
  );
}
