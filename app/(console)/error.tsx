"use client";

import { Alert, Anchor, Button, Code, Group, Stack, Text } from "@mantine/core";
import Link from "next/link";

/** A page that could not be drawn. The menu and the brakes above it keep working. */
export default function PageFault({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <Alert color="red" role="alert" title="This page could not be shown">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">Calls are served and limited as before. Brakes can be set on the overview.</Text>
        {error.digest !== undefined && (
          <Text size="xs">
            For the server&apos;s log: <Code>{error.digest}</Code>
          </Text>
        )}
        <Group gap="sm">
          <Button size="xs" variant="default" onClick={reset}>
            Try again
          </Button>
          <Anchor component={Link} href="/" size="sm" underline="always">
            Overview
          </Anchor>
        </Group>
      </Stack>
    </Alert>
  );
}
