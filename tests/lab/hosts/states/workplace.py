"""What the checks of wireless networks, lines, browsers, mail programs and macros say of a workplace.

The profiles of networks are as ``nmcli --offline`` of Debian 12 writes them. Of the programs only their places stand on the machines.
"""

from __future__ import annotations

import json

from tests.lab.hosts.state import State

PROGRAM = "#!/bin/sh\n"
PLACES = {
    "/usr/bin/firefox-esr": PROGRAM,
    "/usr/bin/thunderbird": PROGRAM,
    "/usr/lib/libreoffice/program/soffice.bin": PROGRAM,
}
LOCKED = {
    "Preferences": {
        "browser.safebrowsing.malware.enabled": {"Value": True, "Status": "locked"},
        "browser.safebrowsing.phishing.enabled": {"Value": True, "Status": "locked"},
    },
    "DisableSecurityBypass": {"InvalidCertificate": True},
    "SSLVersionMin": "tls1.2",
    "ExtensionSettings": {"*": {"installation_mode": "blocked"}},
    "PasswordManagerEnabled": False,
    "HttpsOnlyMode": "force_enabled",
    "DisableFirefoxAccounts": True,
    "PopupBlocking": {"Default": True, "Locked": True},
    "Proxy": {"Mode": "manual", "SSLProxy": "proxy.example.lg.jp:8080", "Locked": True},
}
MAIL = {
    "Preferences": {
        "mailnews.display.html_as": {"Value": 1, "Status": "locked"},
        "mailnews.message_display.disable_remote_image": {"Value": True, "Status": "locked"},
        "javascript.allow.mailnews": {"Value": False, "Status": "locked"},
    }
}
XCD = (
    '<?xml version="1.0"?><oor:data xmlns:oor="http://openoffice.org/2001/registry"><dependency file="main"/>'
    '<oor:component-data oor:name="Common" oor:package="org.openoffice.Office"><node oor:name="Security"><node oor:name="Scripting">'
    '<prop oor:name="MacroSecurityLevel"{fixed}><value>{level}</value></prop>{more}</node></node></oor:component-data></oor:data>'
)
PLACE = "/etc/NetworkManager/system-connections"
OFFICE = (
    "[connection]\nid=office\nuuid=2a038179-da8f-4545-9450-8a241e408160\ntype=wifi\n\n[wifi]\nmode=infrastructure\n"
    "ssid=229;186;129;229;134;133;76;65;78;\n\n[wifi-security]\nkey-mgmt=wpa-eap\nproto=rsn;\n\n[802-1x]\nca-cert=/etc/ssl/certs/office.pem\n"
    "eap=peap;\nidentity=taro\nphase2-auth=mschapv2\n\n[ipv4]\nmethod=auto\n\n[ipv6]\naddr-gen-mode=default\nmethod=auto\n\n[proxy]\n"
)
CAFE = "[connection]\nid=cafe\nuuid=fdd407ec-a3f3-4cad-af52-ca153e84c6ef\ntype=wifi\n\n[wifi]\nmode=infrastructure\nssid=cafe\n"
SCHOOL = (
    "[connection]\nid=eduroam\nuuid=e6117103-7734-4405-9427-5289062f4f93\ntype=wifi\n\n[wifi]\nmode=infrastructure\nssid=eduroam\n\n"
    "[wifi-security]\nkey-mgmt=wpa-eap\n\n[802-1x]\neap=ttls;\nidentity=taro\nphase2-auth=pap\n"
)
HOTSPOT = "[connection]\nid=Hotspot\nuuid=3c7abed4-24cc-4d7c-a30f-5354f9dcff7a\ntype=wifi\n\n[wifi]\nmode=ap\nssid=mine\n"
PPTP = (
    "[connection]\nid=oldvpn\nuuid=be83ca13-a634-4a53-9c17-3781c98a3456\ntype=vpn\nautoconnect=false\n\n[vpn]\n"
    "service-type=org.freedesktop.NetworkManager.pptp\n\n[ipv4]\nmethod=auto\nnever-default=true\n"
)
TUNNEL = "[Interface]\nAddress = 10.9.0.2/32\n[Peer]\nEndpoint = 192.0.2.7:51820\nAllowedIPs = {0}\n"
VALUES = {
    "networks.permitted": ("庁内LAN",),
    "networks.own-wireless": ("庁内LAN",),
    "proxies.permitted": ("proxy.example.lg.jp:8080",),
}

STATES = (
    State(
        "kept",
        files={
            **PLACES,
            "/etc/firefox/policies/policies.json": json.dumps({"policies": LOCKED}),
            "/etc/thunderbird/policies/policies.json": json.dumps({"policies": MAIL}),
            "/etc/libreoffice/registry/office.xcd": XCD.format(level=3, fixed=' oor:finalized="true"', more=""),
            f"{PLACE}/office.nmconnection": OFFICE,
            "/etc/wireguard/tele.conf": TUNNEL.format("0.0.0.0/0, ::/0"),
        },
        values=VALUES,
        expects={
            "endpoint.wireless.encryption": "WIRELESS_ENCRYPTED",
            "endpoint.wireless.old-protection": "WIRELESS_ONLY_NEW",
            "endpoint.wireless.own-authentication": "OWN_INDIVIDUAL",
            "endpoint.wireless.server-proof": "SERVER_VERIFIED",
            "endpoint.wireless.hotspot": "HOTSPOT_NONE",
            "endpoint.network.permitted": "NETWORKS_PERMITTED",
            "endpoint.vpn.technique": "VPN_SOUND",
            "endpoint.vpn.all-traffic": "VPN_TAKES_ALL",
            "endpoint.proxy.discovery": "PROXY_NOT_DISCOVERED",
            "endpoint.proxy.permitted": "PROXY_OWN",
            **{
                f"endpoint.browser.{matter}": "BROWSER_KEPT"
                for matter in (
                    "fraud-warnings",
                    "certificate-errors",
                    "tls-versions",
                    "extensions",
                    "passwords",
                    "https-only",
                    "synchronisation",
                    "popups",
                )
            },
            "endpoint.mail-client.html": "HTML_NOT_SHOWN",
            "endpoint.mail-client.remote-content": "REMOTE_BLOCKED",
            "endpoint.mail-client.scripts": "SCRIPTS_OFF",
            "endpoint.mail-client.enforced": "MAIL_FIXED",
            "endpoint.office-macros.rule": "MACROS_BARRED",
            "endpoint.office-macros.enforced": "MACROS_FIXED",
            "endpoint.office-macros.trusted-places": "PLACES_NONE",
            "endpoint.office-macros.foreign": "FOREIGN_UNKNOWN",
        },
    ),
    State(
        "bad",
        files={
            **PLACES,
            "/etc/firefox/policies/policies.json": json.dumps(
                {
                    "policies": {
                        "SSLVersionMin": "tls1",
                        "PopupBlocking": {"Default": False},
                        "Preferences": {"browser.safebrowsing.malware.enabled": {"Value": False, "Status": "locked"}},
                        "Proxy": {"Mode": "autoDetect"},
                    }
                }
            ),
            "/etc/thunderbird/policies/policies.json": json.dumps(
                {
                    "policies": {
                        "Preferences": {
                            "javascript.allow.mailnews": {"Value": True, "Status": "default"},
                            "mailnews.message_display.disable_remote_image": {"Value": False, "Status": "default"},
                        }
                    }
                }
            ),
            "/etc/libreoffice/registry/office.xcd": XCD.format(
                level=1, fixed="", more='<prop oor:name="SecureURL"><value><it>file:///srv</it></value></prop>'
            ),
            f"{PLACE}/cafe.nmconnection": CAFE,
            f"{PLACE}/eduroam.nmconnection": SCHOOL,
            f"{PLACE}/Hotspot.nmconnection": HOTSPOT,
            f"{PLACE}/oldvpn.nmconnection": PPTP,
            "/etc/wireguard/part.conf": TUNNEL.format("10.0.0.0/8"),
        },
        values=VALUES,
        expects={
            "endpoint.wireless.encryption": "WIRELESS_WEAK_JOINS",
            "endpoint.wireless.old-protection": "WIRELESS_OLD_ACCEPTED",
            "endpoint.wireless.server-proof": "SERVER_UNVERIFIED",
            "endpoint.wireless.own-authentication": "OWN_NOT_KNOWN",
            "endpoint.wireless.hotspot": "HOTSPOT_SET_UP",
            "endpoint.network.permitted": "NETWORKS_OTHER",
            "endpoint.vpn.technique": "VPN_BROKEN",
            "endpoint.vpn.all-traffic": "VPN_SPLIT",
            "endpoint.proxy.discovery": "PROXY_DISCOVERED",
            "endpoint.proxy.permitted": "PROXY_OTHER",
            "endpoint.browser.fraud-warnings": "BROWSER_POLICY_LOOSE",
            "endpoint.browser.certificate-errors": "BROWSER_LEFT",
            "endpoint.browser.tls-versions": "BROWSER_POLICY_LOOSE",
            "endpoint.browser.extensions": "BROWSER_LEFT",
            "endpoint.browser.passwords": "BROWSER_LEFT",
            "endpoint.browser.https-only": "BROWSER_LEFT",
            "endpoint.browser.synchronisation": "BROWSER_LEFT",
            "endpoint.browser.popups": "BROWSER_LEFT",
            "endpoint.mail-client.preview": "PREVIEW_ON",
            "endpoint.mail-client.html": "HTML_SHOWN",
            "endpoint.mail-client.remote-content": "REMOTE_FETCHED",
            "endpoint.mail-client.scripts": "SCRIPTS_RUN",
            "endpoint.mail-client.enforced": "MAIL_CHANGEABLE",
            "endpoint.office-macros.rule": "MACROS_OPEN",
            "endpoint.office-macros.enforced": "MACROS_CHANGEABLE",
            "endpoint.office-macros.trusted-places": "PLACES_ADDED",
        },
    ),
)
