import { Text } from "@mantine/core";
import { api } from "../../_ui/data/api";
import { FormDialog } from "../../_ui/forms/dialog";

/** Asks before it removes a rule or a channel. */
export function Remove({ what, path, onClose }: { what: string; path: string; onClose: () => void }) {
  return (
    <FormDialog
      title={`Remove ${what}`}
      label="Remove it"
      colour="red.9"
      done={`The ${what} is removed.`}
      submit={() => api(path, { method: "DELETE", body: {} })}
      undo={() => api(`${path}/restore`, { method: "POST", body: {} })}
      onClose={onClose}
    >
      <Text size="sm">Its history is removed too. You can undo this for a while. The audit log keeps a record.</Text>
    </FormDialog>
  );
}
