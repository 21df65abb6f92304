"use client";

import { Alert, Anchor, Stack, Text } from "@mantine/core";
import Link from "next/link";

/** An address of the console that names nothing that exists. */
export default function NothingHere() {
  return (
    <Alert title="There is nothing at this address">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">It may be mistyped, or removed. Find anything with Ctrl K.</Text>
        <Anchor component={Link} href="/" size="sm" underline="always">
          Overview
        </Anchor>
      </Stack>
    </Alert>
  );
}
