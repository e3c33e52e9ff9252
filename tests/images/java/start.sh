#!/bin/sh
# Starts the shop; options of the virtual machine come from $JAVA_OPTS.
set -eu
settings=${SHOP_SETTINGS:-/etc/shop/shop.properties}
memory=$(awk '/^MemTotal/ { print ($2 > 1000000) ? "128m" : "64m" }' /proc/meminfo)
# shellcheck disable=SC2086  # several options
exec "$JAVA_HOME/bin/java" "-Xmx$memory" -XX:+UseSerialGC ${JAVA_OPTS:-} \
  -Djava.util.logging.config.file=/etc/shop/logging.properties "-Dshop.settings=$settings" -cp '/app/lib/*' shop.Server "$@"
