import { Group, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { sparseEnvironments } from "@/lib/console/keys/key-environment.shared";
import type { KeyView } from "@/lib/console/keys/keys";

/** Warns where a leaked or expired key could not be replaced without an outage. */
export function SparseEnvironments({ keys }: { keys: readonly KeyView[] }) {
  const sparse = sparseEnvironments(keys);
  if (sparse.length === 0) return null;
  const words = sparse.map(({ environment, usable }) => `${environment} (${usable === 0 ? "none" : usable})`);
  return (
    <Group gap="xs" mb="sm" wrap="nowrap" align="flex-start">
      <IconAlertTriangle size={18} color="var(--mantine-color-orange-text)" style={{ flexShrink: 0 }} aria-hidden />
      <Text size="sm">
        Fewer than two usable keys in {words.join(" and ")}. With two in use, one that leaks or expires can be revoked
        without an outage.
      </Text>
    </Group>
  );
}
