"""Build hook: ships the console's built assets in the wheel and refuses to build a wheel without them."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleAssetsHook(BuildHookInterface):  # type: ignore[type-arg] # hatchling's type parameter is private
    """Runs before a wheel or an sdist is packed; an editable install builds its assets on its own."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console where its sources have changed, then insist on every file its manifest names."""
        del build_data
        if version == "editable":
            return
        root = Path(self.root)
        console = _console_module(root)
        try:
            console.build(root)
        except console.ConsoleBuildError as error:
            raise SystemExit(f"No package without the console's assets: {error}") from error
        missing = console.missing_files(root / "mobility" / "app" / "static")
        if missing:
            raise SystemExit(f"No package without the console's assets: missing {', '.join(missing)}")


def _console_module(root: Path) -> ModuleType:
    """Load ``console.py`` from beside this file: hooks run without their folder on the import path."""
    spec = importlib.util.spec_from_file_location("console_build", root / "requirements" / "console.py")
    if spec is None or spec.loader is None:
        raise SystemExit("requirements/console.py is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
