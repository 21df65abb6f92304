"use client";

import { Button, Code, CopyButton, Group, Modal, Stack, Text } from "@mantine/core";

/** A secret that is shown once, to copy. Neither Escape nor a click beside it closes it. */
export function SecretOnce({
  title,
  note,
  secret,
  testId,
  onClose,
}: {
  title: string;
  note: string;
  secret: string;
  testId: string;
  onClose: () => void;
}) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      size="lg"
    >
      <Stack>
        <Text size="sm">{note}</Text>
        <Code block style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }} data-testid={testId}>
          {secret}
        </Code>
        <Group justify="flex-end">
          <CopyButton value={secret}>
            {({ copied, copy }) => (
              <Button variant="light" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
          <Button onClick={onClose}>I have it</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
