import { type Form, readForms, readText } from "./html_form.ts";
import { CookieJar } from "./cookie_jar.ts";

/** The user who signs in, and the buttons that the user presses. */
export interface Visitor {
  readonly username: string;
  readonly password: string;
  /** The button on the consent page. Default: "accept". */
  readonly consent?: "accept" | "cancel";
  /** Whether the user cancels on the sign-in page. */
  readonly cancelSignIn?: boolean;
}

/** The response of the provider for the redirect URI, before it is delivered. */
export interface Callback {
  readonly method: "GET" | "POST";
  /** The redirect URI without parameters. */
  readonly redirectUri: string;
  readonly params: Record<string, string>;
}

/** The page that the redirect URI responded with. */
export interface CallbackPage {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The sign-in cannot continue on a page of the provider. */
export class SignInStuck extends Error {
  override name = "SignInStuck";
}

const MAX_PAGES = 20;

/**
 * A headless browser: it stores cookies, submits the forms of the provider, and delivers the response to the redirect
 * URI. One user agent is one browser: a second sign-in finds the session of the first.
 */
export class UserAgent implements Disposable {
  #client: Deno.HttpClient;
  #cookies = new CookieJar();

  constructor({ caPem, proxyUrl }: { caPem: string; proxyUrl?: string | null }) {
    this.#client = Deno.createHttpClient({
      caCerts: [caPem],
      ...(typeof proxyUrl === "string" ? { proxy: { url: proxyUrl } } : {}),
    });
  }

  /** Signs in, from the authorization URL to the page of the redirect URI. */
  async signIn(url: string, visitor: Visitor): Promise<CallbackPage> {
    return await this.deliver(await this.authorize(url, visitor));
  }

  /** Signs in without delivering the response, so that a test can change, delay or repeat it. */
  async authorize(url: string, visitor: Visitor): Promise<Callback> {
    const end = await this.#walk(url, new PageVisitor(visitor));
    if (typeof end === "string") throw new SignInStuck(`The provider shows: ${end}`);
    return end;
  }

  /** Enters a device code, signs in, and returns the text of the last page. */
  async enterDeviceCode(verificationUri: string, userCode: string, visitor: Visitor): Promise<string> {
    const end = await this.#walk(verificationUri, new PageVisitor(visitor, userCode));
    if (typeof end !== "string") throw new SignInStuck("A device code ended in a redirect");
    return end;
  }

  /** Delivers a response as a browser does: a form post from another site has the origin `null`. */
  async deliver(callback: Callback): Promise<CallbackPage> {
    const fields = new URLSearchParams(callback.params);
    const response = callback.method === "POST"
      ? await fetch(callback.redirectUri, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded", origin: "null" },
        body: fields.toString(),
        redirect: "manual",
      })
      : await fetch(`${callback.redirectUri}?${fields}`, { redirect: "manual" });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  /** Follows pages until there is a response for the redirect URI, or a page without a form, whose text it returns. */
  async #walk(start: string, visitor: PageVisitor): Promise<Callback | string> {
    const { origin } = new URL(start);
    let request: { url: URL; body?: URLSearchParams } = { url: new URL(start) };
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      if (request.url.origin !== origin) return toCallback(request.url, request.body);
      const response = await this.#send(request.url, request.body);
      const location = response.headers.get("location");
      if (location !== null) {
        await response.body?.cancel();
        request = { url: new URL(location, request.url) };
        continue;
      }
      const page = await response.text();
      const [form] = readForms(page, request.url);
      const body = form && visitor.fillIn(form, page);
      if (form === undefined || body === undefined) return readText(page);
      request = { url: form.action, body };
    }
    throw new SignInStuck(`No end after ${MAX_PAGES} pages`);
  }

  async #send(url: URL, body: URLSearchParams | undefined): Promise<Response> {
    const cookie = this.#cookies.header(url);
    const response = await fetch(url, {
      client: this.#client,
      redirect: "manual",
      headers: { accept: "text/html", ...(cookie === "" ? {} : { cookie }) },
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    this.#cookies.store(url, response.headers.getSetCookie());
    return response;
  }
}

/** Fills in each page, and detects a page that returns. */
class PageVisitor {
  #typed = false;
  #entered = false;

  constructor(private readonly visitor: Visitor, private readonly userCode?: string) {}

  /** Returns the fields to send, or undefined if the user gives up. */
  fillIn(form: Form, page: string): URLSearchParams | undefined {
    const fields = new URLSearchParams(form.hidden);
    const press = (value: string) => fields.set("action", value);
    if (form.names.includes("password")) this.#type(fields, page);
    else if (form.names.includes("user_code") && !("user_code" in form.hidden)) {
      if (this.#entered) return undefined;
      this.#entered = true;
      fields.set("user_code", this.userCode ?? "");
    } else if (form.buttons.includes("accept")) press(this.visitor.consent ?? "accept");
    else if (form.buttons.includes("account")) {
      press(page.includes(`data-username="${this.visitor.username}"`) ? "account" : "other-account");
    }
    return fields; // anything else is a page that posts itself
  }

  #type(fields: URLSearchParams, page: string): void {
    if (this.#typed) throw new SignInStuck(`The sign-in page came back: ${readText(page)}`);
    this.#typed = true;
    fields.set("action", this.visitor.cancelSignIn === true ? "cancel" : "sign-in");
    fields.set("username", this.visitor.username);
    fields.set("password", this.visitor.password);
  }
}

function toCallback(url: URL, body: URLSearchParams | undefined): Callback {
  const params = Object.fromEntries(body ?? url.searchParams);
  return { method: body === undefined ? "GET" : "POST", redirectUri: `${url.origin}${url.pathname}`, params };
}

/** Returns the port of the redirect URI in an authorization URL. */
export function redirectPort(url: string): number {
  return Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "").port);
}

/** Signs in with a new user agent. */
export async function signIn(url: string, visitor: Visitor & { caPem: string }): Promise<CallbackPage> {
  using agent = new UserAgent(visitor);
  return await agent.signIn(url, visitor);
}

/** Signs in with a new user agent, without delivering the response. */
export async function authorize(url: string, visitor: Visitor & { caPem: string }): Promise<Callback> {
  using agent = new UserAgent(visitor);
  return await agent.authorize(url, visitor);
}
