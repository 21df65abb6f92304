import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";

/** Downloads a table; null = there is none yet. A link that only looks disabled could still be followed. */
export function CsvButton({ href }: { href: string | null }) {
  const icon = <IconDownload size={16} aria-hidden />;
  if (href === null)
    return (
      <Button variant="default" disabled leftSection={icon}>
        CSV
      </Button>
    );
  return (
    // The range of a page's first form ends at the moment of its making.
    <Button variant="default" component="a" href={href} suppressHydrationWarning leftSection={icon}>
      CSV
    </Button>
  );
}
