// Entry of the console: its style and its elements.
import "./console.css";
import "./supervision.css";
import "./map-pane.ts";
import "./console-app.ts";
