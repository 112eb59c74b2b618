"""Checks of how a machine starts: what somebody at its console could do to it, and what its kernel leaves open."""

from __future__ import annotations

from checks.common import also, listed
from checks.host.settings import IN_CONTAINER, in_container
from scanner.facts.kernel import Startup
from scanner.model.check import Judgement, check
from scanner.model.fact import Unobserved
from scanner.model.text import Text
from scanner.model.verdict import Severity, failed, not_applicable, passed

_CONSOLE = Text(
    ja="コンソールに触れる者が起動時の引数を変えたり再起動させたりできると、パスワードなしに管理者となり、又は業務を止められる。",
    en="Whoever can change the start or restart the machine at its console becomes administrator without a password, or stops its work.",
)
_NO_LOADER = Text(ja="起動プログラムがこの機器にない", en="no boot loader is installed here")


MACOS_BOOT_SECURE_BOOT = Text(
    ja="macOS：復旧システムの起動セキュリティユーティリティで「完全なセキュリティ」を選ぶ。",
    en="macOS: choose Full Security in Startup Security Utility of the recovery system.",
)


@check(
    "host.boot.secure-boot",
    severity=Severity.LOW,
    title=Text(ja="セキュアブートが有効である", en="Secure Boot is on"),
    why=Text(
        ja="署名を確かめずに起動する機器では、起動プログラムやカーネルを書き換えた者が、すべての対策より先に動ける。",
        en="A machine that starts unsigned code lets whoever replaced the loader or the kernel run before every protection.",
    ),
    remedy=also(
        Text(
            ja="ファームウェアの設定で UEFI 起動とセキュアブートを有効にする。仮想計算機では、基盤側の設定で有効にする。",
            en="Turn on UEFI start and Secure Boot in the firmware's set-up; for a virtual machine in the settings of its host.",
        ),
        MACOS_BOOT_SECURE_BOOT,
    ),
    says={
        "SECURE_BOOT_ON": Text(ja="有効である", en="it is on"),
        "SECURE_BOOT_OFF": Text(ja="無効である", en="it is off"),
        "FIRMWARE_OLD": Text(ja="UEFI でない方法で起動している", en="the machine was not started by UEFI firmware"),
        "NOT_RUNNING": Text(ja="動作中の機器ではない（イメージの点検）", en="it is an image, not a running machine"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_secure_boot(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    if isinstance(start.firmware, Unobserved):
        return start.firmware
    if start.firmware is None:
        return not_applicable("NOT_RUNNING")
    if start.firmware == "bios" or start.secure_boot is None:
        return failed("FIRMWARE_OLD")
    if isinstance(start.secure_boot, Unobserved):
        return start.secure_boot
    return passed("SECURE_BOOT_ON") if start.secure_boot else failed("SECURE_BOOT_OFF")


@check(
    "host.boot.password",
    severity=Severity.MEDIUM,
    title=Text(ja="起動プログラムの変更にパスワードを要する", en="The boot loader asks for a password before changes"),
    why=_CONSOLE,
    remedy=Text(
        ja=(
            "GRUB：grub-mkpasswd-pbkdf2 でハッシュを作り、/etc/grub.d/40_custom に「set "
            "superusers=」と「password_pbkdf2」を書いて update-grub を実行する"
            "（通常の起動には --unrestricted を付ける）。Red Hat 系は grub2-setpassword。systemd-boot は loader.conf に「editor no」。"
        ),
        en=(
            'GRUB: make a hash with "grub-mkpasswd-pbkdf2", write "set superusers=" and "password_pbkdf2" in /etc/grub.d/40_custom and run '
            '"update-grub" ("--unrestricted" for plain starts). Red Hat family: "grub2-setpassword". '
            'systemd-boot: "editor no" in loader.conf.'
        ),
    ),
    says={
        "LOADER_PROTECTED": Text(
            ja="パスワードなしには変更できない（{loader}）", en="nothing can be changed without a password ({loader})"
        ),
        "LOADER_OPEN": Text(ja="起動時の引数を誰でも変更できる（{loader}）", en="anybody at the console can change the start ({loader})"),
        "LOADER_NONE": _NO_LOADER,
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_password(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    if isinstance(start.loader, Unobserved):
        return start.loader
    if isinstance(start.loader_password, Unobserved):
        return start.loader_password
    if start.loader_password is None:
        return not_applicable("LOADER_NONE")
    return passed("LOADER_PROTECTED", loader=start.loader) if start.loader_password else failed("LOADER_OPEN", loader=start.loader)


@check(
    "host.boot.files",
    severity=Severity.MEDIUM,
    title=Text(ja="起動プログラムの設定を一般利用者が読み書きできない", en="Boot loader files are closed to ordinary accounts"),
    why=Text(
        ja="起動プログラムの設定には、パスワードのハッシュや起動時の引数が含まれ、書き換えられると次の起動を乗っ取られる。",
        en="These files hold the hash of the boot password and the kernel's options; who can write them owns the next start.",
    ),
    remedy=Text(
        ja="示されたファイルに対して chown root:root と chmod 600 を実行する。",
        en='Run "chown root:root" and "chmod 600" on the files that are named.',
    ),
    says={
        "LOADER_FILES_CLOSED": Text(ja="管理者だけが読み書きできる：{paths}", en="only the administrator can read and write: {paths}"),
        "LOADER_FILES_OPEN": Text(ja="一般利用者が読み書きできる：{paths}", en="open to ordinary accounts: {paths}"),
        "LOADER_NONE": _NO_LOADER,
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_files(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    if isinstance(start.loader_files, Unobserved):
        return start.loader_files
    if not start.loader_files:
        return not_applicable("LOADER_NONE")
    # Debian writes grub.cfg with 0444 where it holds no password, and with 0400 otherwise; then others may read, nobody may write
    reading = 0o077 if start.loader_password is True else 0o022
    wrong = [f"{f.path} {f.mode:04o} {f.uid}:{f.gid}" for f in start.loader_files if f.mode & reading or f.uid != 0 or f.gid != 0]
    if wrong:
        return failed("LOADER_FILES_OPEN", paths=listed(wrong))
    return passed("LOADER_FILES_CLOSED", paths=listed(f.path for f in start.loader_files))


@check(
    "host.boot.console-keys",
    severity=Severity.LOW,
    title=Text(ja="コンソールのキー操作で再起動しない", en="Console keys do not restart the machine"),
    why=_CONSOLE,
    remedy=Text(
        ja="systemctl mask ctrl-alt-del.target を実行し、/etc/systemd/system.conf の [Manager] に CtrlAltDelBurstAction=none を書く。",
        en='Run "systemctl mask ctrl-alt-del.target" and write "CtrlAltDelBurstAction=none" under [Manager] in /etc/systemd/system.conf.',
    ),
    says={
        "KEYS_OFF": Text(ja="Ctrl-Alt-Del では再起動しない", en="Ctrl-Alt-Del does not restart it"),
        "KEYS_RESTART": Text(ja="Ctrl-Alt-Del で再起動する（{place}）", en="Ctrl-Alt-Del restarts it ({place})"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_console_keys(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    keys = start.restarts_on_keys
    if isinstance(keys, Unobserved):
        return keys
    if True in keys.effective():
        return failed("KEYS_RESTART", place=keys.source)
    return keys.missing() or passed("KEYS_OFF")


@check(
    "host.boot.rescue",
    severity=Severity.MEDIUM,
    title=Text(ja="復旧用の起動でもパスワードを求める", en="Rescue mode asks for a password"),
    why=_CONSOLE,
    remedy=Text(
        ja="/etc/systemd/system/rescue.service.d の SYSTEMD_SULOGIN_FORCE とシェルを直接起動する ExecStart を除く。",
        en='In /etc/systemd/system/rescue.service.d remove "SYSTEMD_SULOGIN_FORCE" and any ExecStart that starts a bare shell.',
    ),
    says={
        "RESCUE_ASKS": Text(ja="管理者のパスワードを求める", en="it asks for the administrator's password"),
        "RESCUE_OPEN": Text(ja="パスワードなしに管理者のシェルが開く", en="it opens an administrator's shell without a password"),
        "RESCUE_NONE": Text(ja="復旧用の起動の仕組みがない", en="there is no rescue mode here"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_rescue(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    if isinstance(start.rescue_asks, Unobserved):
        return start.rescue_asks
    if start.rescue_asks is None:
        return not_applicable("RESCUE_NONE")
    return passed("RESCUE_ASKS") if start.rescue_asks else failed("RESCUE_OPEN")


@check(
    "host.boot.processor-flaws",
    severity=Severity.MEDIUM,
    title=Text(ja="プロセッサの既知の欠陥が緩和されている", en="Known processor flaws are mitigated"),
    why=Text(
        ja="プロセッサの欠陥が緩和されていないと、別の利用者や仮想計算機のメモリの内容が読み取られ得る。",
        en="Where processor flaws are left open, memory of other accounts and virtual machines can be read.",
    ),
    remedy=Text(
        ja=(
            "起動時の引数から mitigations=off 等を除き、カーネルとマイクロコード（intel-microcode、amd64-microcode）を更新して再起動する。"
            "Windows：レジストリの FeatureSettingsOverride と FeatureSettingsOverrideMask を除く。"
        ),
        en=(
            'Remove "mitigations=off" and the like from the kernel options, update kernel and microcode, and restart.'
            " Windows: remove FeatureSettingsOverride and FeatureSettingsOverrideMask from the registry."
        ),
    ),
    says={
        "FLAWS_MITIGATED": Text(ja="既知の欠陥は緩和されている", en="the known flaws are mitigated"),
        "FLAWS_OPEN": Text(ja="緩和されていない欠陥がある：{names}", en="flaws are left open: {names}"),
        "FLAWS_SWITCHED_OFF": Text(ja="起動時の引数で緩和を無効にしている", en="kernel options switch mitigations off"),
        "NOT_RUNNING": Text(ja="動作中の機器ではない（イメージの点検）", en="it is an image, not a running machine"),
        "IN_CONTAINER": IN_CONTAINER,
    },
)
def boot_processor_flaws(start: Startup) -> Judgement:
    if (elsewhere := in_container(start.container)) is not None:
        return elsewhere
    off = start.mitigations_off
    if not isinstance(off, Unobserved) and True in off.effective():
        return failed("FLAWS_SWITCHED_OFF")
    if isinstance(start.flaws, Unobserved):
        return start.flaws
    if start.flaws is None:
        return not_applicable("NOT_RUNNING")
    bad = [f"{flaw.name}: {flaw.state}" for flaw in start.flaws if flaw.state.startswith("Vulnerable")]
    if bad:
        return failed("FLAWS_OPEN", names=listed(bad))
    unseen = off if isinstance(off, Unobserved) else off.missing()
    return unseen or passed("FLAWS_MITIGATED")
