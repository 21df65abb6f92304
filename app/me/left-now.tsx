import { Card, SimpleGrid, Skeleton, Text, Title } from "@mantine/core";
import type { OwnQuota } from "@/lib/console/tenants/tenant-quota";
import { leftWords } from "../_ui/limits/left-words";
import { QuotaLine } from "../_ui/limits/quota-line";

type Named = { readonly layer: string; readonly name: string };
type Refusing = Named & { readonly asked: number };

/** What is left of each limit, in words and figures. `refusing`: limits that refused a call just now, with the smallest amount. */
export function LeftNow(props: { quota: OwnQuota | undefined; isLoading: boolean; refusing: readonly Refusing[] }) {
  const { quota, isLoading } = props;
  const limits = quota?.limits ?? [];
  const used = limits.filter((line) => line.remaining <= 0 && !line.observe);
  const left = leftWords(limits);
  const refusing = new Map(props.refusing.map((one) => [nameOf(one), one.asked]));
  return (
    <Card component="section" aria-label="What is left now">
      <Title order={2} fz="md" mb="xs">
        What is left now
      </Title>
      {isLoading && <Skeleton h={80} />}
      {quota?.limits.length === 0 && <Text size="sm">No limits. Every call is admitted.</Text>}
      {used.length > 0 && (
        <Text size="sm" c="red" fw={550} mb="xs" role="status">
          {used.map((line) => line.name).join(", ")} {used.length === 1 ? "is" : "are"} used up: calls are refused until
          room comes back.
        </Text>
      )}
      {left !== null && (
        <Text size="sm" mb="sm">
          {left}
        </Text>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        {limits.map((line) => (
          <QuotaLine
            key={nameOf(line)}
            line={{ ...line, isRefusing: (refusing.get(nameOf(line)) ?? 0) > line.remaining }}
            at={quota?.at ?? ""}
            namesUser={false}
          />
        ))}
      </SimpleGrid>
    </Card>
  );
}

function nameOf({ layer, name }: Named): string {
  return `${layer} ${name}`;
}
