#!/bin/bash
# A Spring Boot application: one jar with the jars of Spring and Tomcat inside, on Debian's Java runtime.
. "$(dirname "$0")/recipe.sh"
for tool in mvn javac; do command -v "$tool" >/dev/null || cannot "$tool is not installed"; done
from minbase

runtime() { apt_install openjdk-17-jre-headless ca-certificates-java tzdata; }
layer runtime "apt-get install --no-install-recommends openjdk-17-jre-headless"

authority() { own_authority; }
layer authority "COPY test-authority.crt /usr/local/share/ca-certificates/ && update-ca-certificates"

application() {
  user spring 10001
  cp -r "$own_files" "$work/sources"
  mvn -q -B -f "$work/sources/pom.xml" "-Dmaven.repo.local=$downloads/maven" -DskipTests \
    -Dproject.build.outputTimestamp=2025-01-01T00:00:00Z package >"$work/log" 2>&1 || { cat "$work/log"; cannot "Maven can't build the application"; }
  mkdir "$root/app"
  cp "$work/sources/target/shop.jar" "$root/app/app.jar"
  rm -r "$work/sources"
}
layer application "COPY target/*.jar /app/app.jar"

config <<'JSON'
{ "Entrypoint": ["java", "-XX:+UseSerialGC", "-jar", "/app/app.jar"], "WorkingDir": "/app", "User": "spring",
  "ExposedPorts": { "8080/tcp": {} },
  "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64"] }
JSON
