"""All rules of ``region check``."""

from pathlib import Path

from mobility.storage import bundle_rules_lines, bundle_rules_places, bundle_rules_service
from mobility.storage.bundle_check import Finding, Rule, findings, open_bundle

RULES: tuple[Rule, ...] = (*bundle_rules_places.RULES, *bundle_rules_lines.RULES, *bundle_rules_service.RULES)
"""Every rule; ids are distinct."""


def check_bundle(directory: Path) -> list[Finding]:
    """Return what is wrong with a bundle, errors first; raises ``BadInputError`` when it can not be read at all."""
    return findings(open_bundle(directory), RULES)
