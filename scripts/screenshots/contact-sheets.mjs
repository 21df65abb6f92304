import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const PER_SHEET = 6;
/** Columns and the width of each picture on a sheet, by the width of the page. */
const SHAPES = { wide: { columns: 3, px: 760, highest: 1500 }, narrow: { columns: 6, px: 330, highest: 1700 } };
const NARROW_PX = 600;

/** Joins the pictures to sheets of six, so that many can be looked at together: sheets/<state>-<width>-<theme>-<n>.png. */
export async function makeSheets(browser, { folder, states, widths, themes }) {
  const target = path.join(folder, "sheets");
  fs.mkdirSync(target, { recursive: true });
  const tab = await browser.newPage();
  let made = 0;
  for (const state of states) {
    for (const ending of widths.flatMap((width) => themes.map((theme) => `${width}-${theme}`))) {
      const pictures = fs.readdirSync(path.join(folder, state)).filter((name) => name.endsWith(`-${ending}.png`));
      const shape = Number.parseInt(ending, 10) < NARROW_PX ? SHAPES.narrow : SHAPES.wide;
      for (let first = 0; first < pictures.length; first += PER_SHEET) {
        const some = pictures.slice(first, first + PER_SHEET).map((name) => path.join(folder, state, name));
        const name = `${state}-${ending}-${1 + first / PER_SHEET}`;
        await makeSheet(tab, { file: path.join(target, name), pictures: some, shape });
        made += 1;
      }
    }
  }
  await tab.close();
  process.stdout.write(`screenshots/sheets/: ${made} sheets\n`);
}

async function makeSheet(tab, { file, pictures, shape }) {
  const { columns, px, highest } = shape;
  const figures = pictures.map(
    (one) =>
      `<figure><figcaption>${path.basename(one, ".png")}</figcaption><div><img src="${pathToFileURL(one).href}"></div></figure>`,
  );
  const style = `
    body { margin: 8px; background: #777; font: 14px sans-serif; width: max-content }
    main { display: grid; grid-template-columns: repeat(${columns}, ${px}px); gap: 8px; align-items: start }
    figure { margin: 0 } figcaption { background: #fff; padding: 2px 6px }
    div { max-height: ${highest}px; overflow: hidden } img { width: 100%; display: block }`;
  // A page of the file system may show pictures of the file system.
  const page = `${file}.html`;
  fs.writeFileSync(page, `<!doctype html><style>${style}</style><main>${figures.join("")}</main>`);
  await tab.setViewportSize({ width: columns * (px + 8) + 16, height: 400 });
  await tab.goto(pathToFileURL(page).href, { waitUntil: "load" });
  await tab.screenshot({ path: `${file}.png`, fullPage: true });
  fs.rmSync(page);
}
