"""SPF (RFC 7208): records, macros, ``check_host()`` for one mail and ``survey()`` for a domain. This file only gathers the public names."""

from scanner.wire.spf.evaluate import Evaluation, check_host
from scanner.wire.spf.grammar import COUNTED, Kind, SpfRecord, Term, near_misses, parse_record, select_records
from scanner.wire.spf.macros import Macro, MacroString
from scanner.wire.spf.survey import survey
from scanner.wire.spf.tree import PERMERRORS, Authorised, NodeState, Place, SpfNode, Survey
from scanner.wire.spf.values import (
    DEFAULT_LIMITS,
    SYNTAX_ERRORS,
    Answer,
    Limits,
    MxName,
    Problem,
    ProblemKind,
    Qualifier,
    Question,
    Record,
    RecordType,
    Result,
    Status,
    drive,
)

__all__ = [
    "COUNTED",
    "DEFAULT_LIMITS",
    "PERMERRORS",
    "SYNTAX_ERRORS",
    "Answer",
    "Authorised",
    "Evaluation",
    "Kind",
    "Limits",
    "Macro",
    "MacroString",
    "MxName",
    "NodeState",
    "Place",
    "Problem",
    "ProblemKind",
    "Qualifier",
    "Question",
    "Record",
    "RecordType",
    "Result",
    "SpfNode",
    "SpfRecord",
    "Status",
    "Survey",
    "Term",
    "check_host",
    "drive",
    "near_misses",
    "parse_record",
    "select_records",
    "survey",
]
