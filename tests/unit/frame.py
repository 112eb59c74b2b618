"""A small world for tests of the engine: two fact types, three checks and ways to make a baseline. Nothing here is shipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from baselines.model import Baseline, Control, Status, Strength, Use
from scanner.engine.catalogue import Catalogue, Checks, Observers
from scanner.engine.factset import FactSet
from scanner.engine.run import RunStart, Seen
from scanner.model.check import Check, Value, check
from scanner.model.fact import Evidence, Fact, Observation, Observed, Unobserved
from scanner.model.reason import Reason
from scanner.model.target import Domain, Kind, Service, Target
from scanner.model.text import Text
from scanner.model.verdict import Severity, Verdict, doubtful, failed, not_applicable, passed

EXAMPLE = Domain("example.jp")

AT = "2026-11-22T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Lights(Fact):
    """How many lights burn, and the servers found on the way."""

    of: ClassVar[Kind] = Kind.DOMAIN
    leads_to: ClassVar[tuple[Kind, ...]] = (Kind.DNS_SERVICE,)
    on: int
    servers: tuple[str, ...] = ()

    def leads(self) -> tuple[Target, ...]:
        return tuple(Service(host, 53, "dns") for host in self.servers)


@dataclass(frozen=True, slots=True)
class Doors(Fact):
    """Whether a server's door is open."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE
    open: bool


@dataclass(frozen=True, slots=True)
class Keys(Fact):
    """How many keys a server's door has."""

    of: ClassVar[Kind] = Kind.DNS_SERVICE
    count: int


MOST = Value("lights.most", 3, Text(ja="灯りの上限", en="most lights"), least=0)


def _text(ja: str, en: str) -> Text:
    return Text(ja=ja, en=en)


@check(
    "test.lights",
    severity=Severity.HIGH,
    title=_text("灯りが少ない", "few lights burn"),
    why=_text("節電のため", "to save power"),
    remedy=_text("{most} 以下にする", "keep to {most}"),
    says={
        "LIGHTS_OK": _text("{on} 個", "{on} burn"),
        "LIGHTS_MANY": _text("{on} 個は多い", "{on} are too many"),
        "LIGHTS_ODD": _text("奇妙", "odd"),
        "NO_LIGHTS": _text("ない", "none"),
    },
)
def lights(seen: Lights, *, most: Annotated[int, MOST] = MOST.default) -> Verdict:
    match seen.on:
        case 0:
            return not_applicable("NO_LIGHTS")
        case 13:
            return doubtful("LIGHTS_ODD")
        case 99:
            raise RuntimeError("the lamp broke")
        case 98:
            return passed("LIGHTS_UNDECLARED")
        case _:
            return passed("LIGHTS_OK", on=seen.on) if seen.on <= most else failed("LIGHTS_MANY", on=seen.on)


@check(
    "test.doors",
    severity=Severity.LOW,
    title=_text("扉が閉じている", "the door is shut"),
    why=_text("防犯のため", "to keep thieves out"),
    remedy=_text("閉める", "shut it"),
    says={"DOOR_SHUT": _text("閉", "shut"), "DOOR_OPEN": _text("開", "open")},
)
def doors(seen: Doors) -> Verdict:
    return failed("DOOR_OPEN") if seen.open else passed("DOOR_SHUT")


@check(
    "test.absence",
    severity=Severity.INFO,
    title=_text("不在を聞く", "absence is heard"),
    why=_text("試験", "test"),
    remedy=_text("なし", "none"),
    says={"HEARD": _text("聞いた", "heard")},
)
def absence(seen: Lights | Unobserved) -> Verdict | Unobserved:
    return seen if isinstance(seen, Unobserved) else passed("HEARD")


@check(
    "test.porch",
    severity=Severity.LOW,
    title=_text("扉の前が明るい", "there is light at the door"),
    why=_text("防犯のため", "to keep thieves out"),
    remedy=_text("灯す", "light it"),
    says={"PORCH_LIT": _text("明るい", "lit"), "PORCH_DARK": _text("暗い", "dark")},
)
def porch(seen: Doors, around: Lights | Unobserved) -> Verdict | Unobserved:
    if isinstance(around, Unobserved):
        return around
    return passed("PORCH_LIT") if around.on else failed("PORCH_DARK")


@check(
    "test.keys",
    severity=Severity.LOW,
    title=_text("鍵がある", "there is a key"),
    why=_text("防犯のため", "to keep thieves out"),
    remedy=_text("付ける", "fit one"),
    says={"KEY_THERE": _text("ある", "there"), "KEY_NONE": _text("ない", "none")},
)
def keyed(seen: Keys) -> Verdict:
    return passed("KEY_THERE") if seen.count else failed("KEY_NONE")


def world(*checks: Check) -> Catalogue:
    """Make a catalogue of the given checks, or of all three."""
    found = {c.id: c for c in checks or (lights, doors, absence)}
    observers = Observers({Lights: (), Doors: (), Keys: ()}, {})
    return Catalogue(Checks({"test": lambda: found}), observers, "sha256:" + "0" * 64)


def seen(fact: Fact) -> Observed[Fact]:
    return Observed(fact, AT, (Evidence("test", "evidence"),))


def silent(reason: Reason = Reason.TIMEOUT) -> Unobserved:
    return Unobserved(reason, "no answer from 192.0.2.1:53/udp within 2 s (2 tries)", AT)


def facts(on: Observation[Fact], servers: Mapping[str, Observation[Fact]] | None = None, name: str = "example.jp") -> FactSet:
    """Make the facts of one domain."""
    made = FactSet(Domain(name))
    made.put(made.target, Lights, on)
    for host, observation in (servers or {}).items():
        made.put(Service(host, 53, "dns"), Doors, observation)
    return made


def looked(made: FactSet) -> Seen:
    return Seen(made, AT, AT)


def control(name: str, *uses: str, **more: Any) -> Control:
    """Make a control; ``more`` overrides fields."""
    fields: dict[str, Any] = {
        "id": name,
        "ref": f"第{name}条",
        "section": "",
        "title": "題",
        "summary": _text("要約", "summary"),
        "area": "dns",
        "strength": Strength.REQUIRED,
        "tier": "",
        "duty_holder": (),
        "verification": ("remote",),
        "confidence": "high",
        "observables": (),
        "supports": (),
        "info_class": (),
        "status": Status.AUTOMATED if uses else Status.PLANNED,
        "checks": tuple(Use(u, {}) for u in uses),
        "related": (),
        "note": None,
        "reason": None,
        "file": "controls.yaml",
        "line": 1,
    }
    return Control(**(fields | more))


def baseline(*controls: Control, name: str = "doc") -> Baseline:
    return Baseline(name, _text("文書", "document"), "発行者", _text("第1版", "first edition"), None, controls, "sha256:" + "1" * 64)


def start(*baselines: Baseline, targets: int = 1, checks: int = 3) -> RunStart:
    """Make the head of a run."""
    return RunStart(
        "20261122T000000Z-test",
        AT,
        "internet",
        "command line",
        "0.1.0",
        "sha256:" + "0" * 64,
        baselines,
        "",
        "",
        "",
        "",
        (),
        targets,
        checks,
        (MOST,),
    )
