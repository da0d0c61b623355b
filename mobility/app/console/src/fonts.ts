// The typeface of all pages, bundled so that no page asks another host for it. Only its style sheet is used.
import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "@fontsource-variable/atkinson-hyperlegible-mono/wght.css";
