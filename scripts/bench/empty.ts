// An empty module, to time the start of Deno.
export {};
