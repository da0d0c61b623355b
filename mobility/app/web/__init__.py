"""The shared face of all pages: layout, style sheet, language, start page, error pages, the console's page."""
