import { html, Markup } from "./markup.ts";
import { STYLE } from "./page_style.ts";

/** The page for account and password. It never contains the password. */
export function signInPage(page: { username: string; message?: string; application: string }): Markup {
  return frame(
    "Sign in",
    html`
      <h1>Sign in</h1>
      <p class="to">to continue to <b>${page.application}</b></p>
      ${page.message === undefined ? undefined : html`<p class="alert" role="alert">${page.message}</p>`}
      <form method="post">
        <label for="username">Account</label>
        <input id="username" name="username" type="text" autocomplete="username" autocapitalize="none"
          spellcheck="false" placeholder="someone@contoso.example" value="${page.username}" required
          ${focusOn(page.username === "")}>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required
          ${focusOn(page.username !== "")}>
        <div class="buttons">
          <button id="cancel" name="action" value="cancel" type="submit" formnovalidate>Cancel</button>
          <button id="sign-in" name="action" value="sign-in" type="submit" class="primary">Sign in</button>
        </div>
      </form>
    `,
  );
}

/** Shown for `prompt=select_account` when the browser is signed in already. */
export function selectAccountPage(page: { username: string; name: string; application: string }): Markup {
  return frame(
    "Pick an account",
    html`
      <h1>Pick an account</h1>
      <p class="to">to continue to <b>${page.application}</b></p>
      <form method="post">
        <button id="account" class="tile" name="action" value="account" data-username="${page.username}">
          <b>${page.name}</b><br>${page.username}<br><small>Signed in</small>
        </button>
        <button id="other-account" class="tile" name="action" value="other-account">Use another account</button>
        <div class="buttons">
          <button id="cancel" name="action" value="cancel" type="submit">Cancel</button>
        </div>
      </form>
    `,
  );
}

/** The page for consent. */
export function consentPage(
  page: { username: string; application: string; scopes: readonly string[] },
): Markup {
  return frame(
    "Permissions requested",
    html`
      <p class="who">${page.username}</p>
      <h1>Permissions requested</h1>
      <p class="to"><b>${page.application}</b> would like to:</p>
      <ul>${page.scopes.map((scope) => html`<li>${describeScope(scope)}</li>`)}</ul>
      <form method="post">
        <div class="buttons">
          <button id="cancel" name="action" value="cancel" type="submit">Cancel</button>
          <button id="accept" name="action" value="accept" type="submit" class="primary">Accept</button>
        </div>
      </form>
    `,
  );
}

/** The page in place of the one for consent if only an administrator may consent. */
export function adminApprovalPage(page: { username: string; application: string }): Markup {
  return frame(
    "Need admin approval",
    html`
      <p class="who">${page.username}</p>
      <h1>Need admin approval</h1>
      <p id="message"><b>${page
        .application}</b> asks for permissions that only an administrator can grant.</p>
      <form method="post">
        <div class="buttons">
          <button id="return" name="action" value="return" type="submit">Return without consent</button>
        </div>
      </form>
    `,
  );
}

/** The page for a device code. `form` is oidc-provider's, with its own hidden fields. */
export function deviceCodePage(page: { form: string; message?: string }): Markup {
  return frame(
    "Enter code",
    html`
      <h1>Enter code</h1>
      <p class="${page.message === undefined ? "to" : "alert"}">${page.message ??
        "Enter the code shown on your device."}</p>
      ${new Markup(page.form)}
      <div class="buttons">
        <button id="next" type="submit" form="op.deviceInputForm" class="primary">Next</button>
      </div>
    `,
  );
}

/** The page that confirms a sign-in on another device. */
export function deviceConfirmPage(page: { form: string; application: string; userCode: string }): Markup {
  return frame(
    "Confirm sign-in",
    html`
      <h1>Are you trying to sign in to ${page.application}?</h1>
      <p class="to">Only continue if your device shows the code <code>${page.userCode}</code>.</p>
      ${new Markup(page.form)}
      <div class="buttons">
        <button id="cancel" type="submit" form="op.deviceConfirmForm" name="abort" value="yes">Cancel</button>
        <button id="continue" type="submit" form="op.deviceConfirmForm" class="primary">Continue</button>
      </div>
    `,
  );
}

/** The page that confirms a sign-out. */
export function signOutPage(form: string): Markup {
  return frame(
    "Sign out",
    html`
      <h1>Sign out?</h1>
      ${new Markup(form)}
      <div class="buttons">
        <button id="sign-out" type="submit" form="op.logoutForm" name="logout" value="yes"
          class="primary">Sign out</button>
      </div>
    `,
  );
}

/** A page with nothing to fill in. */
export function messagePage(title: string, text: string): Markup {
  return frame(
    title,
    html`
      <h1>${title}</h1>
      <p id="message">${text}</p>
    `,
  );
}

/** The page that posts the authorization response to the redirect URI (OAuth 2.0 Form Post Response Mode). */
export function formPostPage(action: string, parameters: Record<string, string>, nonce: string): Markup {
  const inputs = Object.entries(parameters).map(([name, value]) =>
    html`<input type="hidden" name="${name}" value="${value}">`
  );
  return frame(
    "Working...",
    html`
      <form method="post" action="${action}">
        ${inputs}
        <noscript>
          <p>Script is disabled. Click Continue to go on.</p>
          <button type="submit" class="primary">Continue</button>
        </noscript>
      </form>
      <script nonce="${nonce}">document.forms[0].submit()</script>
    `,
  );
}

function frame(title: string, content: Markup): Markup {
  return html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <style>${new Markup(STYLE)}</style>
      </head>
      <body>
        <main>
    <p class="brand">Contoso <span>embedded test provider</span></p>
    ${content}
        </main>
      </body>
    </html>
  `;
}

function focusOn(wanted: boolean): Markup | undefined {
  return wanted ? html`autofocus` : undefined;
}

function describeScope(scope: string): string {
  const known: Record<string, string> = {
    openid: "Sign you in",
    profile: "View your basic profile",
    email: "View your email address",
    offline_access: "Maintain access to data you have given it access to",
  };
  return known[scope] ?? scope;
}
