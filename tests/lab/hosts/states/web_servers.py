"""nginx, Apache and PHP on a machine, set up well and badly: nginx at port 80, Apache at 8081, in the files that Debian's packages have."""

from __future__ import annotations

from tests.lab.hosts.state import State

PORTS = "Listen 8081\n"
KEY = "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=www.example.jp -keyout /etc/ssl/private/web.key -out /etc/ssl/web.pem"
NGINX_KEPT = """# a site of its own, its name in Japanese: 市役所
server_tokens off;
server {
    listen 80 default_server;
    server_name www.example.jp;
    return 301 https://www.example.jp$request_uri;
}
server {
    listen 443 ssl;
    server_name www.example.jp;
    root /srv/www;
    autoindex off;
    ssl_certificate /etc/ssl/web.pem;
    ssl_certificate_key /etc/ssl/private/web.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
    # location /old { autoindex on; }
    location = /favicon.ico { access_log off; }
    location /files/ { alias /srv/files/; }
    location = /status { stub_status; allow 127.0.0.1; deny all; }
}
"""
NGINX_BAD = """server {
    listen 80 default_server;
    server_name www.example.jp;
    root /srv/www;
    access_log off;
    # autoindex off;
    autoindex on;
    client_header_timeout 10m;
    location /files { alias /srv/files/; }
    location /status { stub_status; }
    location /upload { dav_methods PUT DELETE; }
}
server {
    listen 443 ssl;
    server_name old.example.jp;
    root /usr/share/nginx/html;
    ssl_certificate /etc/ssl/web.pem;
    ssl_certificate_key /etc/ssl/private/web.key;
    ssl_protocols TLSv1 TLSv1.2;
    ssl_ciphers ALL:@SECLEVEL=0;
}
"""
APACHE_KEPT = """ServerTokens Prod\r
TraceEnable Off\r
Options -Indexes\r
"""
SITE_KEPT = """<VirtualHost *:8081>
    ServerName app.example.jp
    DocumentRoot /srv/www
    CustomLog ${APACHE_LOG_DIR}/app.log combined
    <Directory /srv/www>
        Require all granted
    </Directory>
</VirtualHost>
"""
SITE_BAD = """<VirtualHost *:8081>
    ServerName app.example.jp
    DocumentRoot /var/www/html
    <IfModule mod_cgid.c>
        ScriptAlias /run/ /srv/cgi/
    </IfModule>
    <Location /server-status>
        Require all granted
    </Location>
    TraceEnable Off
    TraceEnable On
</VirtualHost>
"""
PLACES = (
    "mkdir -p /srv/www /srv/files /srv/cgi && echo x > /srv/www/index.html && touch /srv/cgi/test && rm /etc/nginx/sites-enabled/default"
)
HTML = "chmod 755 /srv/www"
START = "systemctl enable nginx apache2 php8.2-fpm"
RENEWED = (
    "sleep 1.1; touch /etc/nginx/nginx.conf /etc/apache2/apache2.conf /etc/php/8.2/fpm/php.ini; systemctl reload nginx apache2 php8.2-fpm"
)
"""The files are newer than the programs, which were told to read them again."""
MODULES = (
    *("access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_host", "authz_user", "autoindex", "deflate"),
    *("dir", "env", "filter", "mime", "mpm_event", "negotiation", "reqtimeout", "setenvif", "status"),
)
CHECKS = (
    *("listing", "trace", "writing", "version-hidden", "status", "samples", "log", "alias", "slow-requests", "root-rights", "account"),
    *("tls-versions", "tls-key"),
)

STATES = (
    State(
        "servers-kept",
        files={
            "/etc/apache2/ports.conf": PORTS,
            "/etc/nginx/conf.d/site.conf": NGINX_KEPT,
            "/etc/apache2/conf-enabled/zz-own.conf": APACHE_KEPT,
            "/etc/apache2/sites-available/000-default.conf": SITE_KEPT,
            "/etc/php/8.2/fpm/conf.d/99-own.ini": "expose_php = Off\r\n",
        },
        before=(PLACES, KEY, HTML, START),
        after=(RENEWED,),
        expects={
            **dict(
                zip(
                    [f"host.web.{name}" for name in CHECKS],
                    (
                        *("LISTING_OFF", "TRACE_OFF", "WRITING_CLOSED", "VERSION_HIDDEN", "STATUS_CLOSED", "SAMPLES_NONE", "LOG_KEPT"),
                        *("ALIAS_CLOSED", "SLOW_LIMITED", "ROOT_KEPT", "ACCOUNT_OWN", "WEB_TLS_NEW", "KEY_KEPT"),
                    ),
                    strict=True,
                )
            ),
            "host.web.cgi": "CGI_OFF",
            "host.web.modules": "MODULES_APPROVED",
            "host.web.tls-level": "WEB_LEVEL_MET",
            "host.web.tls-listed": "WEB_LISTED_ALL",
            "host.php.version-hidden": "PHP_VERSION_HIDDEN",
            "host.php.errors-hidden": "PHP_ERRORS_HIDDEN",
            "host.php.remote-include": "PHP_INCLUDES_LOCAL",
        },
        values={"web.modules": (*(f"{name}_module" for name in MODULES), "ngx_http_echo_module")},
    ),
    State(
        "servers-bad",
        files={
            "/etc/apache2/ports.conf": PORTS,
            "/etc/nginx/conf.d/site.conf": NGINX_BAD,
            "/etc/apache2/sites-available/000-default.conf": SITE_BAD,
            "/etc/php/8.2/fpm/conf.d/99-own.ini": "expose_php = On\nexpose_php = 1\n;display_errors = Off\ndisplay_errors = stdout\n",
            "/etc/php/8.2/fpm/pool.d/more.conf": "[more]\nuser = www-data\nlisten = /run/php/more.sock\npm = ondemand\n"
            "pm.max_children = 2\n"
            "php_admin_flag[allow_url_include] = on\n",
        },
        before=(
            PLACES,
            KEY,
            "chmod 644 /etc/ssl/private/web.key; chmod 711 /etc/ssl/private; chown www-data /srv/www",
            "sed -i 's/^user www-data;/user root;/' /etc/nginx/nginx.conf",
            "a2enmod -q cgid",
            START,
        ),
        expects={
            **dict(
                zip(
                    [f"host.web.{name}" for name in CHECKS],
                    (
                        *("LISTING_ON", "TRACE_ON", "WRITING_OPEN", "VERSION_TOLD", "STATUS_OPEN", "SAMPLES_SERVED", "LOG_MISSING"),
                        *("ALIAS_OPEN", "SLOW_WAITED_FOR", "ROOT_WRITABLE", "ACCOUNT_ROOT", "WEB_TLS_OLD", "KEY_OPEN"),
                    ),
                    strict=True,
                )
            ),
            "host.web.cgi": "CGI_ON",
            "host.web.modules": "MODULES_OTHER",
            "host.web.tls-level": "WEB_LEVEL_BROKEN",
            "host.web.tls-listed": "WEB_LISTED_NOT",
            "host.php.version-hidden": "PHP_VERSION_TOLD",
            "host.php.errors-hidden": "PHP_ERRORS_SHOWN",
            "host.php.remote-include": "PHP_INCLUDES_REMOTE",
        },
        args={
            "host.web.modules": {"modules": ("cgid_module",)},
            "host.web.cgi": {"places": ("app.example.jp:8081 /run/ (/srv/cgi)",)},
            "host.web.trace": {"places": ("app.example.jp:8081",)},
            "host.web.listing": {"program": "nginx"},
        },
        values={"web.cgi-paths": ("/other/",), "web.modules": (*(f"{name}_module" for name in MODULES), "ngx_http_echo_module")},
    ),
)
