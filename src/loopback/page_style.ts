/**
 * The style of every page the callback server shows. It loads nothing: the fonts are the system's, the two colour
 * schemes follow the browser's.
 */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --back: #f3f4f7; --card: #ffffff; --edge: #dfe2e8; --text: #1b1f27; --soft: #586070; --well: #f3f4f7;
  --good: #0f7b4a; --good-back: #dcf3e6; --bad: #b3261e; --bad-back: #fbe4e2; --info: #1f5fbf; --info-back: #e1ecfb;
  --shadow: 0 1px 2px rgb(20 25 40 / 6%), 0 12px 32px rgb(20 25 40 / 8%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1116; --card: #191c23; --edge: #2b303b; --text: #eceef3; --soft: #a4adbd; --well: #11141a;
    --good: #5fd39b; --good-back: #12352a; --bad: #ff9d94; --bad-back: #43201f; --info: #8ab8ff; --info-back: #1a2c4a;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; padding: 24px;
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 20px;
  background: var(--back); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main {
  width: 100%; max-width: 480px; padding: 40px 36px 36px; text-align: center;
  background: var(--card); border: 1px solid var(--edge); border-radius: 16px; box-shadow: var(--shadow);
}
.mark { width: 64px; height: 64px; margin: 0 auto 20px; padding: 14px; border-radius: 50%; }
.mark svg {
  display: block; width: 36px; height: 36px; fill: none; stroke: currentColor;
  stroke-width: 3; stroke-linecap: round; stroke-linejoin: round;
}
.good { color: var(--good); background: var(--good-back); }
.bad { color: var(--bad); background: var(--bad-back); }
.info { color: var(--info); background: var(--info-back); }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; font-weight: 650; letter-spacing: -0.01em; }
p { margin: 0; color: var(--soft); overflow-wrap: anywhere; text-wrap: balance; }
p strong { display: block; color: var(--text); font-weight: 600; }
.cause {
  margin: 20px 0 0; padding: 14px 16px; text-align: left; text-wrap: wrap; color: var(--text); font-size: 15px;
  background: var(--well); border: 1px solid var(--edge); border-radius: 10px;
}
.hint { margin-top: 14px; font-size: 15px; white-space: pre-line; }
.next { margin-top: 24px; padding-top: 20px; border-top: 1px solid var(--edge); color: var(--text); }
footer { color: var(--soft); font-size: 13px; }
@media (max-width: 480px) {
  body { padding: 16px; }
  main { padding: 32px 22px 28px; }
}
@media (forced-colors: active) {
  .mark { border: 2px solid CanvasText; }
}
`;
