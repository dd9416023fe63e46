// Runs as the browser of a test: `post_url.ts PORT URL` posts the URL to the port on which the test waits for it.
const [port, url] = Deno.args;
const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: url ?? "" });
await response.body?.cancel();
