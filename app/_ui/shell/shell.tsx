"use client";

import {
  ActionIcon,
  AppShell,
  AppShellHeader,
  AppShellMain,
  AppShellNavbar,
  Badge,
  Burger,
  Button,
  Group,
  Menu,
  NavLink,
  Stack,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import {
  IconBell,
  IconBuilding,
  IconCloud,
  IconCoin,
  IconCpu,
  IconFileText,
  IconFlask,
  IconGauge,
  IconHandStop,
  IconHeartbeat,
  IconHistory,
  IconHourglass,
  IconKey,
  IconListSearch,
  IconLogout,
  IconMoon,
  IconReceipt,
  IconRocket,
  IconScale,
  IconSearch,
  IconSettings,
  IconStack2,
  IconSun,
  IconTag,
  IconUser,
  IconUsers,
  IconWorld,
} from "@tabler/icons-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { type ReactNode, useMemo } from "react";
import { asRole, can } from "@/lib/console/kernel/can.shared";
import { NAV, NAV_GROUPS, type NavItem } from "../../nav";
import { useLiveStream } from "../data/live";
import { useIsInBrowser, useZone } from "../figures/moment";
import { ConfirmPassword } from "../forms/confirm-password";
import { Bell } from "../notices/bell";
import { BrakeBanner } from "./brake-banner";
import { useChords } from "./chords";
import { LiveRibbon } from "./live-ribbon";
import { OpenAlertsBadge, OpenAlertsLink } from "./open-alerts";
import { StoreBanner } from "./store-banner";
import { collectTyped } from "./typed-early";

// Loaded after the page: it is not needed before.
const Palette = dynamic(() => import("./palette").then((part) => part.Palette), { ssr: false });

// For operators of some tenants alone.
const OfAllOnly = dynamic(() => import("./of-all-only").then((part) => part.OfAllOnly));

const Shortcuts = dynamic(() => import("../words/shortcuts").then((part) => part.Shortcuts), { ssr: false });

/** Also works before the palette is loaded: it opens once loaded. */
function openPalette(): void {
  collectTyped();
  void import("./palette").then((part) => part.openPalette());
}

const ICONS = {
  gauge: IconGauge,
  users: IconUsers,
  hand: IconHandStop,
  building: IconBuilding,
  stack: IconStack2,
  history: IconHistory,
  list: IconListSearch,
  coin: IconCoin,
  bell: IconBell,
  tag: IconTag,
  scale: IconScale,
  heartbeat: IconHeartbeat,
  hourglass: IconHourglass,
  world: IconWorld,
  flask: IconFlask,
  settings: IconSettings,
  cloud: IconCloud,
  cpu: IconCpu,
  key: IconKey,
  rocket: IconRocket,
  receipt: IconReceipt,
  file: IconFileText,
};

type Signed = { readonly name: string; readonly role: string; readonly tenants: readonly string[] | null };

/** The frame of every page: menu, age of the figures, and the banner while a brake is on. */
export function Shell({ actor, children }: { actor: Signed; children: ReactNode }) {
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = usePathname();
  const isOfAll = actor.tenants === null;
  useLiveStream(isOfAll);
  // Works everywhere, also in fields; the slash works only outside fields.
  useHotkeys([["mod+K", openPalette]], []);
  useHotkeys([["/", openPalette]]);
  const role = asRole(actor.role) ?? "viewer";
  const pages = useMemo(
    () => NAV.filter((item) => can(role, item.action) && (isOfAll || item.ofSome)),
    [role, isOfAll],
  );
  const [isHelp, help] = useDisclosure();
  useChords(pages, help.open);
  // The overview leads them to their tenants.
  const isOpenHere = isOfAll || path === "/" || pages.some(isAt(path)) || !NAV.some(isAt(path));
  const sees = (href: string) => pages.some((page) => page.href === href);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 200, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a href="#content" className="skip">
        Skip to the content
      </a>
      <AppShellHeader>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={isOpen}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={isOpen ? "Close menu" : "Open menu"}
            />
            <Logo />
            {/* On a phone the header's buttons need its room. */}
            <Text fw={700} fz="lg" visibleFrom="xs">
              Spillway
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            {/* The first of its row: when it comes, it moves nothing. */}
            {sees("/alerts") && <OpenAlertsLink />}
            {isOfAll && <LiveRibbon />}
            <Tooltip label="Find anything (Ctrl K)">
              <ActionIcon variant="default" size="lg" aria-label="Find anything" onClick={openPalette}>
                <IconSearch size={18} />
              </ActionIcon>
            </Tooltip>
            {sees("/alerts") && <Bell />}
            <ZoneToggle />
            <SchemeToggle />
            <Account actor={actor} />
          </Group>
        </Group>
      </AppShellHeader>
      <AppShellNavbar p="sm" style={{ overflowY: "auto" }}>
        <Pages pages={pages} path={path} onChosen={close} />
      </AppShellNavbar>
      <AppShellMain id="content" tabIndex={-1}>
        <Stack gap="md" maw={1500} mx="auto">
          <Palette pages={pages} canStop={can(role, "brakes.set")} isOfAll={isOfAll} />
          <ConfirmPassword />
          {isHelp && <Shortcuts pages={pages} onClose={help.close} />}
          <BrakeBanner canLift={can(role, "brakes.lift")} />
          {isOfAll && <StoreBanner />}
          {isOpenHere ? children : <OfAllOnly tenants={actor.tenants ?? []} />}
        </Stack>
      </AppShellMain>
    </AppShell>
  );
}

function isAt(path: string) {
  return ({ href }: NavItem) => (href === "/" ? path === "/" : path.startsWith(href));
}

/** The menu: pages grouped by purpose. */
function Pages(props: { pages: readonly NavItem[]; path: string; onChosen: () => void }) {
  const { pages, path, onChosen } = props;
  const isHere = isAt(path);
  return (
    <nav aria-label="Pages">
      {NAV_GROUPS.map((group) => {
        const own = pages.filter((page) => page.group === group);
        if (own.length === 0) return null;
        return (
          <Stack key={group} gap={0} mb={8}>
            <Text size="xs" c="dimmed" px={12} py={2}>
              {group}
            </Text>
            {own.map((item) => {
              const Icon = ICONS[item.icon];
              return (
                <NavLink
                  key={item.href}
                  component={Link}
                  href={item.href}
                  // Nothing of a page can be rendered before it is asked for: looking ahead costs and brings nothing.
                  prefetch={false}
                  label={item.label}
                  py={6}
                  active={isHere(item)}
                  aria-current={isHere(item) ? "page" : undefined}
                  leftSection={<Icon size={18} stroke={1.6} />}
                  rightSection={item.href === "/alerts" && <OpenAlertsBadge />}
                  onClick={onChosen}
                  variant="light"
                />
              );
            })}
          </Stack>
        );
      })}
    </nav>
  );
}

function Logo() {
  return (
    // biome-ignore lint/performance/noImgElement: a local SVG of 300 bytes needs no optimizer, which is switched off.
    <img src="/icon.svg" alt="" width={26} height={26} />
  );
}

/** All times of all pages: the reader's own zone or UTC. */
function ZoneToggle() {
  const [zone, setZone] = useZone();
  const other = zone === "utc" ? "local" : "utc";
  return (
    <Tooltip label={`Times are ${zone === "utc" ? "in UTC" : "in your own zone"}`}>
      <Button
        variant="default"
        size="sm"
        px={0}
        // Of the longer word: the server does not know the choice, and nothing moves when it is read.
        w={60}
        visibleFrom="sm"
        onClick={() => setZone(other)}
        aria-label={other === "utc" ? "Local: show times in UTC" : "UTC: show times in your own zone"}
      >
        {zone === "utc" ? "UTC" : "Local"}
      </Button>
    </Tooltip>
  );
}

function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  // The server does not know the choice. A first render by it would not match, and React would draw the page again.
  const isInBrowser = useIsInBrowser();
  const chosen = useComputedColorScheme("light", { getInitialValueInEffect: true });
  const scheme = isInBrowser ? chosen : "light";
  const next = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Switch to ${next}`}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={`Switch to ${next} colours`}
        onClick={() => setColorScheme(next)}
      >
        {scheme === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Account({ actor }: { actor: Signed }) {
  const signOut = async () => {
    await fetch("/api/auth/sign-out", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    window.location.assign("/sign-in");
  };
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label="Account">
          <IconUser size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{actor.name}</Menu.Label>
        <Menu.Label>
          <Badge variant="light" size="sm">
            {actor.role}
          </Badge>
        </Menu.Label>
        {actor.tenants !== null && <Menu.Label maw={260}>{actor.tenants.join(", ")}</Menu.Label>}
        <Menu.Item leftSection={<IconSettings size={16} />} component={Link} href="/settings">
          Your account
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={signOut}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
