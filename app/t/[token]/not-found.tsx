import { Anchor, Center, Stack, Text, Title } from "@mantine/core";

/** A tenant's link that has expired, was revoked, or was not copied as a whole. */
export default function LinkEnded() {
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack gap="xs" maw={460}>
        <Title order={1} fz="h2">
          This link no longer works
        </Title>
        <Text size="sm">
          It has expired, was revoked, or was not copied completely. Ask the sender for a new link. With an API key you
          see the same on the page{" "}
          <Anchor href="/me" size="sm" underline="always">
            Your limits
          </Anchor>
          .
        </Text>
      </Stack>
    </Center>
  );
}
