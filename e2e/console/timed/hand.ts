import type { Locator, Page } from "@playwright/test";

/** An operator's hand: every click and key press is counted, typed text once per field. */
export class Hand {
  readonly page: Page;
  clicks = 0;
  keys = 0;
  fields = 0;
  #began = 0;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page that the work begins at; the clock starts when it stands. */
  async at(path: string, standing: Locator): Promise<void> {
    await this.page.goto(path);
    await standing.waitFor();
    this.#began = Date.now();
  }

  async click(target: Locator): Promise<void> {
    this.clicks += 1;
    await target.click();
  }

  async press(key: string): Promise<void> {
    this.keys += 1;
    await this.page.keyboard.press(key);
  }

  /** Into the field that has the focus. */
  async type(text: string): Promise<void> {
    this.fields += 1;
    await this.page.keyboard.type(text);
  }

  async fill(field: Locator, text: string): Promise<void> {
    this.fields += 1;
    await field.fill(text);
  }

  /** One line of the table that `npm run workflows` ends with. */
  done(what: string): void {
    const seconds = ((Date.now() - this.#began) / 1000).toFixed(1);
    const figures = [`${this.clicks} clicks`, `${this.keys} keys`, `${this.fields} fields`, `${seconds} s`];
    process.stdout.write(`workflow: ${what}: ${figures.join(", ")}\n`);
  }
}
