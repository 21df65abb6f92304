import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { sparseEnvironments } from "@/lib/console/keys/key-environment.shared";
import type { KeyView } from "@/lib/console/keys/keys";

/** Warns where a leaked or expired key could not be replaced without an outage. */
export function SparseEnvironments({ keys }: { keys: readonly KeyView[] }) {
  const sparse = sparseEnvironments(keys);
  if (sparse.length === 0) return null;
  const words = sparse.map(({ environment, usable }) => `${environment} (${usable === 0 ? "none" : usable})`);
  return (
    <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} title="Fewer than two usable keys" mb="sm">
      In {words.join(" and ")}. With two in use, one that leaks or expires can be revoked without an outage.
    </Alert>
  );
}
