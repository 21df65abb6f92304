import { type CSSVariablesResolver, createTheme, DEFAULT_THEME, type MantineColorsTuple } from "@mantine/core";

/** The product's own blue-green, light to dark. */
const river: MantineColorsTuple = [
  "#e6f7f8",
  "#d3ecee",
  "#a8d8dc",
  "#79c3c9",
  "#53b1b9",
  "#3aa6af",
  "#2a98a2",
  "#17828c",
  "#0b6f78",
  "#005c64",
];

/** A colour whose darkest shade carries white text: Mantine's own is below 4.5:1. */
function darkened(color: "orange" | "yellow", darkest: string): MantineColorsTuple {
  const [a, b, c, d, e, f, g, h, i] = DEFAULT_THEME.colors[color];
  return [a, b, c, d, e, f, g, h, i, darkest];
}

const FONT =
  'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';

export const theme = createTheme({
  colors: { river, orange: darkened("orange", "#b33c06"), yellow: darkened("yellow", "#8a5600") },
  primaryColor: "river",
  // Shade 8 keeps white text readable on buttons in both schemes.
  primaryShade: { light: 8, dark: 8 },
  fontFamily: FONT,
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontFamily: FONT, fontWeight: "650" },
  defaultRadius: "md",
  cursorType: "pointer",
  components: {
    // Beside a long text on a phone the text shrinks, not the button's label.
    Button: { styles: { root: { flexShrink: 0 } } },
    Modal: {
      defaultProps: { closeButtonProps: { "aria-label": "Close" } },
      styles: { title: { fontWeight: 650 } },
    },
    Card: { defaultProps: { withBorder: true, padding: "md", radius: "md" } },
  },
});

/** Text on a light ground of its own colour: Mantine's is below 4.5:1 for these. */
const ON_LIGHT = {
  "--mantine-color-red-light-color": "#b02525",
  "--mantine-color-orange-light-color": "#8f3a00",
  "--mantine-color-yellow-light-color": "#7a4f00",
  "--mantine-color-green-light-color": "#1f6b2e",
  "--mantine-color-teal-light-color": "#066649",
  "--mantine-color-blue-light-color": "#155a9a",
};

/** Mantine's dimmed text and placeholders are too pale for WCAG AA; darker (lighter in the dark) ones are not. */
export const cssVariables: CSSVariablesResolver = (known) => ({
  variables: {},
  light: {
    ...ON_LIGHT,
    "--mantine-color-dimmed": known.colors.gray?.[7] ?? "#495057",
    "--mantine-color-placeholder": known.colors.gray?.[7] ?? "#495057",
    "--spillway-page": "#f6f8f9",
    "--spillway-card": "#ffffff",
  },
  dark: {
    "--mantine-color-dimmed": known.colors.dark?.[1] ?? "#b8b8b8",
    "--mantine-color-placeholder": known.colors.dark?.[1] ?? "#b8b8b8",
    // Mantine's is the colour of a card: the button on it would be a word alone.
    "--mantine-color-disabled": known.colors.dark?.[5] ?? "#3b3b3b",
    // Mantine's is as strong as the button that stops all calls.
    "--mantine-color-red-light": "#3b2022",
    "--mantine-color-red-light-color": "#ffb3b3",
    "--spillway-page": "#17191c",
    "--spillway-card": known.colors.dark?.[6] ?? "#2e2e2e",
  },
});
