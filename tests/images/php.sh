#!/bin/bash
# PHP under Apache, started by apachectl as Debian does it: a start script with its environment file, empty folders
# with owners that it expects, and a linked /var/lock. The script waits for Apache instead of becoming it: tini passes
# signals on to both.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install apache2 libapache2-mod-php8.2 php8.2-{sqlite3,mbstring,xml,intl,curl,opcache} ca-certificates tini tzdata; }
layer packages "apt-get install --no-install-recommends apache2 libapache2-mod-php8.2 and extensions"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

settings() {
  inside 'a2enmod rewrite headers && a2dismod -f status'
  ln -sf /proc/self/fd/1 "$root/var/log/apache2/access.log"
  ln -sf /proc/self/fd/2 "$root/var/log/apache2/error.log"
  copy shop.conf etc/apache2/sites-available/000-default.conf
  echo 'ServerName localhost' >"$root/etc/apache2/conf-available/name.conf"
  inside 'a2enconf name'
  printf 'date.timezone = Europe/Berlin\nopcache.enable = 1\n' >"$root/etc/php/8.2/apache2/conf.d/90-shop.ini"
}
layer settings "a2enmod rewrite headers"

site() {
  rm -rf "$root/var/www/html"
  copy site var/www/html
  install -d -o 33 -g 33 "$root/var/www/data"
}
layer site "COPY site /var/www/html"

config <<'JSON'
{ "Entrypoint": ["tini", "-g", "--"], "Cmd": ["apachectl", "-D", "FOREGROUND"], "ExposedPorts": { "80/tcp": {} }, "StopSignal": "SIGWINCH", "WorkingDir": "/var/www/html",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
