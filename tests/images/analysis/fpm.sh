#!/bin/bash
# PHP on the command line and as a FastCGI server, with the extensions that applications ask for.
. "$(dirname "$0")/../recipe.sh"
from minbase

packages() {
  apt_install php8.2-{cli,fpm,bcmath,bz2,curl,gd,gmp,imap,intl,ldap,mbstring,mysql,odbc,pgsql,soap,sqlite3,tidy,xml,xsl,zip} \
    php-{apcu,igbinary,imagick,memcached,redis}
}
layer packages "apt-get install --no-install-recommends php8.2-cli php8.2-fpm and extensions"

config <<'JSON'
{ "Cmd": ["php-fpm8.2", "--nodaemonize"], "ExposedPorts": { "9000/tcp": {} }, "StopSignal": "SIGQUIT",
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] }
JSON
