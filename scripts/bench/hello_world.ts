// deno-lint-ignore no-console -- the smallest program that prints
console.log("Hello, world");
