"""Configurations and command lines of nginx and Apache in the web laboratory. Text in, text out: nothing is started here."""

from __future__ import annotations

from pathlib import Path

from tests.lab.web.sites import BY_NAME, DOMAIN, Site, pair

GOOD_HEADERS = {
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
_MODULES = "authz_core authz_host dir mime alias autoindex status info cgi dav dav_fs ssl socache_shmcb headers rewrite setenvif"


def _listen(site: Site, *, tls: bool) -> str:
    port = "80" if not tls else "443 ssl" if site.name == "late" else "443 ssl http2"
    v4, v6 = pair(site)
    return f"listen {v4}:{port}; listen [{v6}]:{port};"


def _headers(**others: str) -> str:
    values = GOOD_HEADERS | {name.replace("_", "-"): value for name, value in others.items()}
    return "\n    ".join(f'add_header {name} "{value}" always;' for name, value in values.items() if value)


def _nginx_site(name: str, secure: str, clear: str = "return 301 https://$host$request_uri;") -> str:
    """A server for each side of a site; an empty text leaves that side out."""
    site = BY_NAME[name]
    text = ""
    if secure:
        text += f"  server {{\n    {_listen(site, tls=True)}\n    server_name {site.host};\n    {secure}\n  }}\n"
    if clear:
        text += f"  server {{\n    {_listen(site, tls=False)}\n    server_name {site.host};\n    {clear}\n  }}\n"
    return text


def nginx(folder: Path) -> tuple[str, ...]:
    """Write nginx's configuration below ``folder`` and give its command line."""
    root = {name: f"root {folder}/root/{name}; charset utf-8;" for name in BY_NAME}
    errors = "error_page 404 /404.html; location = /404.html { internal; return 404 'not here'; }"
    errors += " error_page 400 =400 @bad; location @bad { return 400 bad; }"
    bad = f"""{root["nginx-bad"]} server_tokens on; autoindex on; dav_methods PUT DELETE;
    location = /nginx_status {{ stub_status; }}
    location = / {{ add_header Set-Cookie "PHPSESSID=0123456789abcdef; path=/"; try_files /index.html =404; }}
    location = /phpinfo.php {{ default_type text/html; }}  location = /xmlrpc.php {{ default_type text/plain; }}
    location = /wp-login.php {{ default_type text/html; }}"""
    split = BY_NAME["split"]
    v4, v6 = pair(split)
    sites = [
        _nginx_site("nginx-good", f"{root['nginx-good']} {errors} default_type text/html;\n    {_headers()}"),
        _nginx_site("nginx-v6", f"{root['nginx-v6']} {errors} default_type text/html;\n    {_headers()}"),
        _nginx_site("vhost", f"{root['vhost']}\n    {_headers()}"),
        _nginx_site("nginx-bad", bad, bad),
        _nginx_site("nginx-default", "", root["nginx-default"]),
        _nginx_site(
            "elsewhere",
            f"return 301 https://nginx-good.{DOMAIN}$request_uri;\n    {_headers()}",
            f"return 301 https://nginx-good.{DOMAIN}$request_uri;",
        ),
        _nginx_site(
            "late",
            f"{root['late']}\n    "
            + _headers(Strict_Transport_Security="max-age=3600", Content_Security_Policy="script-src 'self' 'unsafe-inline'"),
            "return 302 https://$host$request_uri;",
        ),
        _nginx_site("one-sided", _one_sided(folder)),
        _nginx_site("login", f"{_headers()}\n    add_header WWW-Authenticate 'Basic realm=members' always; return 401 'who are you';"),
        _nginx_site("denied", "return 403 'no';"),
        _nginx_site(
            "password-in-clear", f"{root['late']}\n    {_headers()}", "add_header WWW-Authenticate 'Basic realm=x' always; return 401;"
        ),
        f"  server {{ listen {v4}:443 ssl; server_name {split.host}; {root['late']}\n    {_headers()} }}\n",
        f"  server {{ listen [{v6}]:443 ssl; server_name {split.host}; {root['split']} }}\n",
        f"  server {{ {_listen(split, tls=False)} server_name {split.host}; return 301 https://$host$request_uri; }}\n",
    ]
    config = folder / "nginx.conf"
    config.write_text(
        f"""
daemon off; user root; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; server_tokens off; include /etc/nginx/mime.types; server_names_hash_bucket_size 128;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  map $server_protocol $tree {{ "HTTP/2.0" split; default late; }}
  map $server_protocol $hsts {{ "HTTP/2.0" ""; default "max-age=63072000; includeSubDomains"; }}
  ssl_certificate {folder}/web.pem; ssl_certificate_key {folder}/leaf.key;
{"".join(sites)}
}}
"""
    )
    return "nginx", "-c", str(config)


def _one_sided(folder: Path) -> str:
    """A site that is another one over HTTP/2: without HSTS, from a working copy, and with a directory that is listed."""
    return f"""root {folder}/root/$tree;
    {_headers(Strict_Transport_Security="$hsts")}
    location = /css/ {{ if ($tree = split) {{ rewrite ^ /.git/ last; }} return 404; }}
    location = /.git/ {{ internal; autoindex on; }}"""


def apache(folder: Path, name: str, body: str, *, tokens: str, worker: str = "prefork", more: str = "") -> tuple[str, ...]:
    """Write a configuration of Apache for one site below ``folder`` and give its command line.

    ``body`` stands in both virtual hosts, ``more`` behind them.
    """
    site = BY_NAME[name]
    v4, v6 = pair(site)
    home = folder / f"home-{name}"
    home.mkdir()
    home.chmod(0o777)
    modules = "\n".join(
        f"LoadModule {module}_module modules/mod_{module}.so"
        for module in (*_MODULES.split(), f"mpm_{worker}", *(["http2"] if worker == "event" else []))
    )
    clear = body if name == "apache-bad" else f"Redirect permanent / https://{site.host}/"
    config = folder / f"{name}.conf"
    config.write_text(
        f"""
ServerRoot /usr/lib/apache2
ServerName {site.host}
PidFile {home}/pid
DefaultRuntimeDir {home}
Mutex file:{home}
ErrorLog {home}/error
ServerTokens {tokens}
User www-data
Group www-data
StartServers 3
TypesConfig /etc/mime.types
{modules}
SSLSessionCache none
Listen {v4}:80
Listen [{v6}]:80
Listen {v4}:443
Listen [{v6}]:443
DavLockDB {home}/lock
<VirtualHost {v4}:443 [{v6}]:443>
  ServerName {site.host}
  SSLEngine on
  SSLCertificateFile {folder}/web.pem
  SSLCertificateKeyFile {folder}/leaf.key
{body}
</VirtualHost>
<VirtualHost {v4}:80 [{v6}]:80>
  ServerName {site.host}
{clear}
</VirtualHost>
{more}
"""
    )
    return "apache2", "-D", "FOREGROUND", "-f", str(config)


def apache_good(folder: Path) -> tuple[str, ...]:
    """Apache well kept."""
    headers = "\n".join(f'  Header always set {name} "{value}"' for name, value in GOOD_HEADERS.items())
    return apache(
        folder,
        "apache-good",
        f"""
  DocumentRoot {folder}/root/apache-good
  TraceEnable off
  Protocols h2 http/1.1
  ServerSignature Off
  AddDefaultCharset utf-8
  <Directory {folder}/root/apache-good>
    Options -Indexes
    Require all granted
    ForceType text/html
    <FilesMatch "\\.(png|css|pdf|docx|txt)$">
      ForceType None
    </FilesMatch>
  </Directory>
{headers}
""",
        tokens="Prod",
        worker="event",  # HTTP/2 needs threads
        more=_apache_one_sided(folder, headers),
    )


def _apache_one_sided(folder: Path, headers: str) -> str:
    """A virtual host that over HTTP/2 can be framed, lists a directory, names methods that change content, and leads back to plain HTTP."""
    site = BY_NAME["apache-one-sided"]
    v4, v6 = pair(site)
    return f"""
<VirtualHost {v4}:443 [{v6}]:443>
  ServerName {site.host}
  SSLEngine on
  SSLCertificateFile {folder}/web.pem
  SSLCertificateKeyFile {folder}/leaf.key
  Protocols h2 http/1.1
  TraceEnable off
  DocumentRoot {folder}/root/apache-one-sided
  <Directory {folder}/root/apache-one-sided>
    Options -Indexes
    Require all granted
  </Directory>
{headers}
  RewriteEngine on
  RewriteCond expr "%{{HTTP2}} == 'on'"
  RewriteRule ^/$ http://{site.host}/news.html [R=302,L]
  <If "%{{HTTP2}} == 'on'">
    Options +Indexes
    Header always unset X-Frame-Options
    Header always unset Content-Security-Policy
    Header always set Allow "GET, HEAD, PUT"
  </If>
</VirtualHost>
<VirtualHost {v4}:80 [{v6}]:80>
  ServerName {site.host}
  DocumentRoot {folder}/root/apache-one-sided
  RewriteEngine on
  RewriteRule ^/$ https://{site.host}/ [R=301,L]
  <Directory {folder}/root/apache-one-sided>
    Require all granted
  </Directory>
</VirtualHost>
"""


def apache_bad(folder: Path) -> tuple[str, ...]:
    """Apache as it came, with everything on."""
    return apache(
        folder,
        "apache-bad",
        f"""
  DocumentRoot {folder}/root/apache-bad
  TraceEnable on
  ServerSignature On
  <Directory {folder}/root/apache-bad>
    Options +Indexes
    Require all granted
    Dav On
  </Directory>
  ScriptAlias /cgi-bin/ {folder}/root/apache-bad/cgi/
  <Directory {folder}/root/apache-bad/cgi>
    Options +ExecCGI
    Dav Off
  </Directory>
  <Location /server-status>
    SetHandler server-status
    Dav Off
  </Location>
  <Location /server-info>
    SetHandler server-info
    Dav Off
  </Location>
""",
        tokens="Full",
    )
