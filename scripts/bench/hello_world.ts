// deno-lint-ignore no-console -- the least that a program can do
console.log("Hello, world");
