"use client";

import { Alert, Anchor, Button, Card, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { DriftView } from "@/lib/console/config/config";
import { api } from "../../_ui/data/api";
import { useManaged } from "../../_ui/data/managed";
import { Listing } from "../../_ui/figures/listing";
import { Failed, PageHead } from "../../_ui/shell/page-head";
import { asYaml } from "./config-text";
import { ImportCard } from "./import-card";

/** The whole configuration as one file: export, and import with a preview of every change. */
export function ConfigPage({ canApply }: { canApply: boolean }) {
  const managed = useManaged();
  const drift = useQuery({ queryKey: ["config", "drift"], queryFn: () => api<DriftView>("config/drift") });
  const error = managed.error ?? drift.error;
  return (
    <Stack gap="md">
      <PageHead
        title="Configuration"
        about="Providers, models, tiers, tenants, budgets, alert rules and staff in one file. It never contains keys or credentials."
      />
      <Failed what="The configuration could not be read" error={error} />
      {drift.data === undefined && error === null && <Skeleton h={420} radius="md" />}
      {drift.data !== undefined && (
        <>
          <ExportCard />
          {canApply && <ImportCard />}
          <Drift view={drift.data} managed={managed.data?.objects.length ?? 0} />
        </>
      )}
    </Stack>
  );
}

function ExportCard() {
  const file = useQuery({ queryKey: ["config", "file"], queryFn: () => api<object>("config"), enabled: false });
  const save = async () => {
    const { data } = await file.refetch();
    if (data === undefined) return;
    const address = URL.createObjectURL(new Blob([await asYaml(data)], { type: "application/yaml" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = "spillway.yaml";
    link.click();
    URL.revokeObjectURL(address);
  };
  return (
    <Card component="section" aria-label="Export">
      <Group justify="space-between">
        <div>
          <Title order={2} fz="md">
            Export
          </Title>
          <Text size="sm" c="dimmed">
            A YAML file that this or another installation can import. Its JSON schema is at{" "}
            <Anchor href="/api/admin/config/schema.json" size="sm" underline="always">
              /api/admin/config/schema.json
            </Anchor>
            .
          </Text>
        </div>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} />}
          loading={file.isFetching}
          onClick={() => void save()}
        >
          Download spillway.yaml
        </Button>
      </Group>
      <Failed what="Not exported" error={file.error} />
    </Card>
  );
}

function Drift({ view, managed }: { view: DriftView; managed: number }) {
  if (managed === 0)
    return <Alert title="Nothing is managed from a file yet">An import marks the objects that it writes.</Alert>;
  return (
    <Listing
      title="Edited since the file was applied"
      note="the next import of the file undoes these edits"
      head={["Kind", "Name", "File", "What differs"]}
      texts={[1, 2, 3]}
      empty="No edits since the file was applied."
      rows={view.drift.map(({ kind, name, source, words }) => ({
        id: `${kind} ${name}`,
        cells: [kind, name, source, words.join("; ")],
      }))}
    />
  );
}
