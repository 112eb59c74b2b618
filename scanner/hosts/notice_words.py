"""The words by which a notice about the use of a machine is told from a greeting. No collector here."""

from __future__ import annotations

import re

WARNING = re.compile(
    r"記録|監視|監査|許可|禁止|権限|不正|monitor|\blog(?:s|ged|ging)\b|record|audit|authori[sz]ed|unauthori|prohibit|consent", re.IGNORECASE
)
"""Words without which a text is a greeting or a licence, not a notice about the use of the machine."""
