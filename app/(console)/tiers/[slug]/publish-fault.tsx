import { Alert, Button, Group, Stack } from "@mantine/core";
import { ApiProblem } from "../../../_ui/data/api";

type FaultOf = {
  readonly error: Error;
  /** discards the operator's changes */
  readonly reload: () => void;
  /** absent: the two cannot be merged */
  readonly merge?: () => Promise<void>;
};

/** Why limits were not published, and how to continue when another operator was first. */
export function PublishFault({ error, reload, merge }: FaultOf) {
  const isConflict = error instanceof ApiProblem && error.code === "conflict";
  return (
    <Alert color="red" title={isConflict ? "Another operator published a newer version" : "Not published"} role="alert">
      <Stack align="flex-start" gap="sm">
        {error.message}
        {isConflict && (
          <Group gap="xs">
            {merge !== undefined && (
              <Button size="xs" onClick={() => void merge()}>
                Merge my changes into the newer version
              </Button>
            )}
            <Button size="xs" variant="default" onClick={reload}>
              Load the newer version (discards yours)
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
