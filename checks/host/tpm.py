"""The check of the module in a machine that keeps keys out of the reach of its software."""

from __future__ import annotations

from scanner.facts.tpm import SecurityModule
from scanner.model.check import Judgement, check
from scanner.model.fact import cannot_tell
from scanner.model.reason import Reason
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, passed


@check(
    "host.boot.tpm",
    severity=Severity.LOW,
    title=Text(ja="鍵を保護するモジュール（TPM 2.0）が使える", en="A module that keeps keys (TPM 2.0) can be used"),
    why=Text(
        ja="TPM がなければ、ディスクの暗号化や主体認証の鍵をソフトウェアだけで守ることになり、起動の改ざんにも気付けない。",
        en="Without a TPM the keys of disk encryption and sign-in are kept by software alone, and a changed start goes unnoticed.",
    ),
    remedy=Text(
        ja="ファームウェアの設定で TPM（fTPM、PTT）を有効にする。仮想計算機では仮想 TPM を加える。",
        en="Turn on the TPM (fTPM, PTT) in the firmware's set-up; give a virtual machine a virtual TPM.",
    ),
    says={
        "TPM_USABLE": Text(ja="TPM {version} が使える", en="TPM {version} can be used"),
        "TPM_OLD": Text(ja="TPM {version} であり、2.0 ではない", en="it is TPM {version}, not 2.0"),
        "TPM_NONE": Text(ja="使える TPM がない", en="there is no TPM that the system can use"),
    },
)
def boot_tpm(module: SecurityModule) -> Judgement:
    if not module.version:
        return failed("TPM_NONE")
    if module.version == "unknown":
        return cannot_tell(Reason.UNSUPPORTED, "TPM の版が分からない", "the version of the TPM is not known")
    return passed("TPM_USABLE", version=module.version) if module.version == "2.0" else failed("TPM_OLD", version=module.version)
