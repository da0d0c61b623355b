// Lets a departure board open without a connection: as it was, marked with its age, never as live.
"use strict";
const KEPT = "board-1";
const MOST_PAGES = 20;
const PATIENCE_MS = 8000;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(tidy()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (url.pathname === "/board" || url.pathname.startsWith("/board/")) event.respondWith(page(request));
  else if (url.pathname.startsWith("/web/") || url.pathname.startsWith("/static/assets/")) event.respondWith(file(request));
});

async function tidy() {
  for (const name of await caches.keys()) if (name.startsWith("board-") && name !== KEPT) await caches.delete(name);
  await self.clients.claim();
}

// Who opens a page waits no longer than this where a kept one can be shown; the page asks on with more patience.
async function page(request) {
  const cache = await caches.open(KEPT);
  const kept = await cached(cache, request.url);
  const limit = new AbortController(); // AbortSignal.timeout is missing in browsers of 2022
  const patience = kept && request.mode === "navigate" ? setTimeout(() => limit.abort(), PATIENCE_MS) : 0;
  try {
    const answer = await fetch(request.url, { signal: limit.signal, headers: request.headers, credentials: "same-origin" });
    if (answer.ok && !answer.redirected) await keep(cache, request.url, answer.clone());
    return answer;
  } catch {
    return kept ? old(kept) : Response.error();
  } finally {
    clearTimeout(patience);
  }
}

// The page of this address, else the newest of the same stop and shape: a code on a mast names no language.
async function cached(cache, address) {
  const shape = (url) => ["day", "screen"].map((name) => new URL(url).searchParams.get(name));
  const like = ({ url }) => new URL(url).pathname === new URL(address).pathname && `${shape(url)}` === `${shape(address)}`;
  return (await cache.match(address)) || cache.match((await cache.keys()).filter(like).pop() || address);
}

async function keep(cache, url, answer) {
  const headers = new Headers(answer.headers);
  headers.set("x-board-fetched", String(Date.now()));
  headers.delete("vary"); // kept by address alone
  headers.delete("content-encoding");
  const body = await answer.blob(); // whole, before the older one goes: a connection may break in the middle
  await cache.delete(url); // the newest stands last
  await cache.put(url, new Response(body, { headers }));
  const pages = (await cache.keys()).filter(({ url: each }) => new URL(each).pathname.startsWith("/board"));
  for (const surplus of pages.slice(0, Math.max(0, pages.length - MOST_PAGES))) await cache.delete(surplus);
}

async function old(kept) {
  const fetched = kept.headers.get("x-board-fetched");
  const type = kept.headers.get("content-type") || "";
  const text = await kept.text();
  // The style sheet hides everything live from the first moment on, before any script runs.
  const marked = text.replace("<html ", `<html class="is-lost" data-fetched="${fetched}" `);
  return new Response(type.startsWith("text/html") ? marked : text, { headers: kept.headers });
}

async function file(request) {
  const cache = await caches.open(KEPT);
  const isNamed = new URL(request.url).search.includes("v=") || request.url.includes("/static/");
  const kept = await cache.match(request);
  if (kept && isNamed) return kept;
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  } catch {
    return kept || Response.error();
  }
}
