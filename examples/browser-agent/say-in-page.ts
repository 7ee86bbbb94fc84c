import type { Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";

export interface SayInPageOptions {
  /** Where Chromium is. */
  readonly chromium: string;
  /** The page. */
  readonly url: string;
  /** What to say, one after the other. */
  readonly say: readonly string[];
  /** Gets what happened, line by line. */
  print(line: string): void;
}

/**
 * Opens the page in a Chromium without a window, says something in it as a user would, and tells what came of it.
 * Returns how often the page had to say that something went wrong.
 */
export async function sayInPage({ chromium, url, say, print }: SayInPageOptions): Promise<number> {
  const browser = await launchChromium(chromium);
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await page.locator("#status", { hasText: /^connected$/ }).waitFor();
    await assistantFinished(page);
    for (const text of say) {
      const before = await background(page);
      await page.fill("#words", text);
      await page.press("#words", "Enter");
      print(`you> ${text}`);
      await assistantFinished(page);
      // What follows the last thing the user said.
      for (const line of await page.locator(".user:nth-last-child(1 of .user) ~ li").all()) {
        print(`${await line.getAttribute("class")}> ${await line.textContent()}`);
      }
      const after = await background(page);
      if (after !== before) print(`The page was ${before} and is ${after}.`);
    }
    return await page.locator("#conversation .note").count();
  } finally {
    await browser.close();
  }
}

function assistantFinished(page: Page): Promise<void> {
  return page.locator("#conversation[aria-busy=false]").waitFor({ state: "attached" });
}

function background(page: Page): Promise<string> {
  return page.locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
}
