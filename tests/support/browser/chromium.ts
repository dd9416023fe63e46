import { type Browser, chromium as playwright, type Page } from "playwright-core";
import { findChromium } from "../../../scripts/check/find_chromium.ts";
import { SignInStuck, type Visitor } from "./user_agent.ts";

/** As small, quiet and offline as Chromium allows. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** More than any page takes. No test waits for it. */
const GIVE_UP_MS = 60_000;

/** The last page of a sign-in, as the user sees it. */
export interface ShownPage {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  /** The HTTP status. */
  readonly status: number;
}

/** A real browser with an empty profile. One context is one session. */
export interface Chromium extends AsyncDisposable {
  /** Opens the URL, signs in, and waits for the page of the redirect URI. */
  signIn(url: string, visitor: Visitor & { readonly screenshot?: string }): Promise<ShownPage>;
  /** Opens a page that the test drives. */
  newPage(): Promise<Page>;
  /** Starts over with an empty profile. */
  newSession(): Promise<void>;
  close(): Promise<void>;
}

/** Starts headless Chromium. It accepts any certificate, so that of the provider needs no installation. */
export async function openChromium(): Promise<Chromium> {
  const executablePath = await findChromium();
  if (executablePath === undefined) {
    throw new Error("No Chromium found: install it, or set CHROMIUM_BIN");
  }
  const home = await Deno.makeTempDir({ prefix: "chromium-home-" });
  const browser = await launch(executablePath, home);
  const newContext = () => browser.newContext({ ignoreHTTPSErrors: true });
  let context = await newContext();
  let closed: Promise<void> | undefined;
  const close = () => closed ??= closeAll(browser, home);
  return {
    signIn: async (url, visitor) => await signIn(await context.newPage(), url, visitor),
    newPage: () => context.newPage(),
    newSession: async () => {
      await context.close();
      context = await newContext();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function launch(executablePath: string, home: string): Promise<Browser> {
  try {
    // The home folder keeps Chromium from writing to the real one.
    const env = { ...Deno.env.toObject(), HOME: home };
    return await playwright.launch({ executablePath, headless: true, args: ARGUMENTS, env });
  } catch (error) {
    await Deno.remove(home, { recursive: true });
    throw error;
  }
}

async function closeAll(browser: Browser, home: string): Promise<void> {
  try {
    await browser.close();
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

async function signIn(
  page: Page,
  url: string,
  visitor: Visitor & { readonly screenshot?: string },
): Promise<ShownPage> {
  const { origin } = new URL(url);
  let status: number | undefined;
  page.on("response", (response) => {
    const request = response.request();
    const landed = request.isNavigationRequest() && request.frame() === page.mainFrame();
    if (landed && new URL(response.url()).origin !== origin) status = response.status();
  });
  const giveUp = setTimeout(() => page.close(), GIVE_UP_MS);
  try {
    const documents = watchDocuments(page);
    await page.goto(url, { waitUntil: "commit" });
    await walk(page, documents, origin, visitor);
    if (status === undefined) throw new SignInStuck("Chromium could not open the redirect URI");
    if (visitor.screenshot !== undefined) await page.screenshot({ path: visitor.screenshot, fullPage: true });
    const text = await page.locator("body").innerText();
    return { url: page.url(), title: await page.title(), text, status };
  } finally {
    clearTimeout(giveUp);
  }
}

/** Yields an item for every document that the page has loaded. None is missed, however fast they follow. */
function watchDocuments(page: Page): ReadableStream<void> {
  return new ReadableStream({
    start(controller) {
      page.on("domcontentloaded", () => controller.enqueue());
      page.on(
        "close",
        () => controller.error(new SignInStuck("The browser was closed before the sign-in ended")),
      );
    },
  });
}

/** Completes each page of the provider until the browser is on another site. */
async function walk(
  page: Page,
  documents: ReadableStream<void>,
  origin: string,
  visitor: Visitor,
): Promise<void> {
  let typed = false;
  for await (const _ of documents.values({ preventCancel: true })) {
    if (new URL(page.url()).origin !== origin) return;
    if (await shows(page, "#account")) await pickAccount(page, visitor);
    else if (await shows(page, "#accept")) {
      await page.click(visitor.consent === "cancel" ? "#cancel" : "#accept");
    } else if (await shows(page, "#password")) {
      if (typed) {
        throw new SignInStuck(`The sign-in page came back: ${await page.locator("main").innerText()}`);
      }
      typed = true;
      await typePassword(page, visitor);
    } else if (await shows(page, "#message")) {
      throw new SignInStuck(`The provider shows: ${await page.locator("main").innerText()}`);
    } // anything else is a page that posts itself
  }
}

/** Returns whether an element is present. A page that is navigating away has none. */
async function shows(page: Page, selector: string): Promise<boolean> {
  try {
    return await page.locator(selector).count() > 0;
  } catch {
    return false;
  }
}

async function pickAccount(page: Page, visitor: Visitor): Promise<void> {
  const isTheirs = await page.locator("#account").getAttribute("data-username") === visitor.username;
  await page.click(isTheirs ? "#account" : "#other-account");
}

async function typePassword(page: Page, visitor: Visitor): Promise<void> {
  if (visitor.cancelSignIn === true) return await page.click("#cancel");
  await page.fill("#username", visitor.username);
  await page.fill("#password", visitor.password);
  await page.click("#sign-in");
}
