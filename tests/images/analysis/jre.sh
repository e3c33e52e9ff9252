#!/bin/bash
# A Java runtime: a launcher with an RPATH of $ORIGIN, libraries that find each other through it, and an
# LD_LIBRARY_PATH in the image's environment, as images of Java applications with native code have it.
. "$(dirname "$0")/../recipe.sh"
from minbase

packages() { apt_install openjdk-17-jre-headless; }
layer packages "apt-get install --no-install-recommends openjdk-17-jre-headless"

config <<'JSON'
{ "Entrypoint": ["java"], "Cmd": ["-version"],
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64",
          "LD_LIBRARY_PATH=/usr/lib/jvm/java-17-openjdk-amd64/lib/server:/usr/lib/jvm/java-17-openjdk-amd64/lib"] }
JSON
