// Run as the browser of a test: `post_url.ts PORT URL`, where a test waits for the URL on the port.
const [port, url] = Deno.args;
const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: url ?? "" });
await response.body?.cancel();
