// How the console is bundled: two entries (console, fonts), names with content hashes, a manifest the server reads.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/static/",
  publicDir: false,
  build: {
    outDir: "../static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    sourcemap: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: { input: { main: "src/main.ts", fonts: "src/fonts.ts" } },
  },
  worker: { format: "es" },
});
