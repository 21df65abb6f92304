import { Anchor, Center, Stack, Text, Title } from "@mantine/core";
import type { Metadata } from "next";

export const metadata: Metadata = { title: "Not found" };

/** An address without a page, for anybody: it names nothing of the installation. */
export default function NotFound() {
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack gap="xs" maw={460}>
        <Title order={1} fz="h2">
          There is no such page
        </Title>
        <Text size="sm">The address may be mistyped, or the link may be incomplete.</Text>
        <Anchor href="/" size="sm" underline="always">
          Open the console
        </Anchor>
      </Stack>
    </Center>
  );
}
