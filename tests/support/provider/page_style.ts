/** The style of every page of the provider, light and dark, without external resources. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #5f5f5f; --paper: #fff; --wash: #eef1f6; --line: #8a8a8a;
  --blue: #0b5cad; --blue-dark: #094a8c; --red: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f2f2; --soft: #b5b5b5; --paper: #232529; --wash: #15171a; --line: #7d7d7d;
    --blue: #1f6fc4; --blue-dark: #3d86d3; --red: #f2b8b5; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--wash);
  color: var(--ink); font: 16px/1.45 system-ui, "Segoe UI", Roboto, sans-serif; }
main { width: 100%; max-width: 27.5rem; padding: 2.5rem; background: var(--paper); border-radius: 6px;
  box-shadow: 0 2px 8px rgb(0 0 0 / 20%); }
.brand { margin: 0 0 1.25rem; font-weight: 600; }
.brand span { color: var(--soft); font-weight: 400; }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.25; }
.to, .who { margin: 0 0 1rem; color: var(--soft); }
.alert { color: var(--red); }
label { display: block; margin: 1rem 0 .25rem; font-size: .9rem; }
input { width: 100%; padding: .5rem .6rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: 3px; }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
li { overflow-wrap: anywhere; }
code { font-size: 1.1em; font-weight: 600; }
.buttons { display: flex; justify-content: flex-end; gap: .5rem; margin-top: 1.75rem; }
button { min-width: 6.75rem; padding: .5rem .9rem; font: inherit; color: var(--ink); cursor: pointer;
  background: transparent; border: 1px solid var(--line); border-radius: 3px; }
button.primary { color: #fff; background: var(--blue); border-color: var(--blue); }
button.primary:hover { background: var(--blue-dark); }
button.tile { display: block; width: 100%; margin-bottom: .5rem; text-align: left; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
`;
