#!/bin/bash
# git over HTTP: the smart protocol by git http-backend, behind lighttpd, with a hook in the repository.
. "$(dirname "$0")/recipe.sh"
from minbase

packages() { apt_install git lighttpd lighttpd-mod-openssl ca-certificates; }
layer packages "apt-get install --no-install-recommends git lighttpd lighttpd-mod-openssl"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

repositories() {
  copy lighttpd.conf etc/lighttpd/lighttpd.conf
  copy seed srv/seed
  inside '
    export HOME=/tmp GIT_AUTHOR_DATE="2025-01-01T00:00:00Z" GIT_COMMITTER_DATE="2025-01-01T00:00:00Z"
    export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com
    cd /srv/seed && git init -q -b main && git add . && git commit -q -m "Begin" && git tag -a -m "First" v1
    mkdir -p /srv/git && git clone -q --bare /srv/seed /srv/git/project.git && rm -r /srv/seed
    cd /srv/git/project.git && git config http.receivepack true && git update-server-info'
  copy post-receive srv/git/project.git/hooks/post-receive
  chmod 755 "$root/srv/git/project.git/hooks/post-receive"
  chown -R 33:33 "$root/srv/git"
  printf '[safe]\n\tdirectory = *\n[user]\n\tname = Nobody\n\temail = nobody@example.com\n' >"$root/etc/gitconfig"
}
layer repositories "COPY project.git /srv/git/project.git"

config <<'JSON'
{ "Cmd": ["lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"], "User": "www-data", "ExposedPorts": { "8080/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp"] }
JSON
